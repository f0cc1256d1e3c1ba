import {
  bytesValue,
  type Dict,
  dictBytes,
  Errno,
  FileType,
  type Gfid,
  InvalidationFlags,
  OpenFlags,
  ROOT_GFID,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { leased, unlock } from "../lease-client.js";
import {
  bytesOf,
  createFile,
  creation,
  newGfid,
  readFile,
  settle,
  startBrick,
  type TestAuth,
  type TestClient,
  textOf,
  writeFile,
} from "../test-brick.js";

const nameOf = (gfid: Gfid) => creation(gfid);

async function icreate(client: TestClient, auth: Partial<TestAuth> = {}) {
  const gfid = newGfid();
  const reply = await client.call("icreate", { gfid, mode: 0o640, xdata: null }, auth);
  return { gfid, reply };
}

const namelink = (client: TestClient, gfid: Gfid, bname: string, auth: Partial<TestAuth> = {}) =>
  client.call("namelink", { pargfid: ROOT_GFID, bname, xdata: nameOf(gfid) }, auth);

const lookup = (client: TestClient, bname: string) =>
  client.call("lookup", { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname, xdata: null });

const put = (
  client: TestClient,
  bname: string,
  content: string,
  more: { flag?: number; offset?: number; gfid?: Gfid; xattr?: Dict; auth?: Partial<TestAuth> } = {},
) => {
  const { flag = 0, offset = 0, gfid = newGfid(), xattr = null, auth } = more;
  const payload = bytesOf(content);
  const what = { pargfid: ROOT_GFID, bname, mode: 0o644, umask: 0, flag, offset, size: payload.length };
  return client.call("put", { ...what, xattr, xdata: creation(gfid), payload }, auth);
};

describe("ICREATE", () => {
  it("makes a file that its client writes before NAMELINK shows it to all", async () => {
    const { client } = await startBrick();
    const [one, two] = [await client(), await client()];
    const { gfid, reply } = await icreate(one);
    expect(reply.stat).toMatchObject({ gfid, mode: FileType.regular | 0o640, nlink: 0, size: 0 });
    expect((await writeFile(one, gfid, "all of it")).opRet).toBe(9);
    expect((await two.call("stat", { gfid, xdata: null })).opErrno).toBe(Errno.ESTALE);
    const { prestat, poststat } = await namelink(one, gfid, "shown");
    expect([prestat.gfid, poststat.gfid]).toEqual([ROOT_GFID, ROOT_GFID]);
    expect((await lookup(two, "shown")).prestat).toMatchObject({ gfid, nlink: 1, size: 9 });
    expect(textOf((await readFile(two, gfid)).payload)).toBe("all of it");
  });

  it("is gone with its client, and its fd given back", async () => {
    const { client, brick, events } = await startBrick();
    const [one, two] = [await client(), await client()];
    const { gfid } = await icreate(one);
    await one.peer.close();
    await settle();
    expect(brick.gate.inodes.openCount(gfid)).toBe(0);
    expect(() => brick.tree.stat(gfid)).toThrow(/TREE_STALE/);
    expect(events.find(({ type }) => type === "session-closed")).toMatchObject({ fds: 1 });
    expect((await namelink(two, gfid, "late")).opErrno).toBe(Errno.ESTALE);
  });

  it("counts among the fds of its client, until it has a name", async () => {
    const { client } = await startBrick({ fdsPerClientMax: 2 });
    const one = await client();
    const first = await icreate(one);
    await icreate(one);
    expect((await icreate(one)).reply.opErrno).toBe(Errno.EMFILE);
    await namelink(one, first.gfid, "a");
    expect((await icreate(one)).reply.opRet).toBe(0);
  });

  it("makes regular files only, each gfid once", async () => {
    const { client } = await startBrick();
    const one = await client();
    const make = (gfid: Gfid, mode: number) => one.call("icreate", { gfid, mode, xdata: null });
    expect((await make(newGfid(), FileType.directory | 0o755)).opErrno).toBe(Errno.EINVAL);
    expect((await make("00000000-0000-0000-0000-000000000000" as Gfid, 0o644)).opErrno).toBe(Errno.EINVAL);
    const { gfid } = await icreate(one);
    expect((await make(gfid, 0o644)).opErrno).toBe(Errno.EEXIST);
  });
});

describe("NAMELINK", () => {
  it("is for the client that made the file, its owner, and a name that is free", async () => {
    const { client } = await startBrick();
    const [one, two] = [await client(), await client()];
    await createFile(one, "taken");
    await one.call("setattr", {
      gfid: ROOT_GFID,
      stbuf: { ...(await lookup(one, "taken")).poststat, mode: 0o777 },
      valid: 1,
      xdata: null,
    });
    const { gfid } = await icreate(one, { uid: 5 });
    expect((await namelink(two, gfid, "x", { uid: 5 })).opErrno).toBe(Errno.ESTALE);
    expect((await namelink(one, gfid, "x", { uid: 6 })).opErrno).toBe(Errno.EPERM);
    expect((await namelink(one, gfid, "taken", { uid: 5 })).opErrno).toBe(Errno.EEXIST);
    expect((await namelink(one, gfid, "x", { uid: 5 })).opRet).toBe(0);
    expect((await namelink(one, gfid, "y", { uid: 5 })).opErrno).toBe(Errno.ESTALE);
  });

  it("names no file that was removed while it was open", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    await one.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null });
    expect((await namelink(one, gfid, "again")).opErrno).toBe(Errno.ESTALE);
  });

  it("needs the permission to write in the directory, and waits for a lease on it", async () => {
    const { client } = await startBrick();
    const [one, runner] = [await client(), await client()];
    const { gfid } = await icreate(one, { uid: 5 });
    expect((await namelink(one, gfid, "x", { uid: 5 })).opErrno).toBe(Errno.EACCES);
    const { leaseId } = await leased(runner, ROOT_GFID);
    let isAnswered = false;
    const named = namelink(one, gfid, "x").finally(() => (isAnswered = true));
    await settle();
    expect(isAnswered).toBe(false);
    await unlock(runner, ROOT_GFID, leaseId);
    expect((await named).opRet).toBe(0);
  });
});

describe("PUT", () => {
  it("makes a file with content, xattrs and owner in one step", async () => {
    const { client } = await startBrick();
    const one = await client();
    const xattr = new Map([["user.a", bytesValue(bytesOf("v"))]]);
    const { opRet, stat, postparent } = await put(one, "f", "content", { xattr, offset: 3 });
    expect([opRet, stat.size, stat.nlink, postparent.gfid]).toEqual([0, 10, 1, ROOT_GFID]);
    expect(textOf((await readFile(one, stat.gfid)).payload)).toBe("\0\0\0content");
    const { dict } = await one.call("getxattr", { gfid: stat.gfid, namelen: 6, name: "user.a", xdata: null });
    expect(dictBytes(dict, "user.a")).toEqual(bytesOf("v"));
  });

  it("replaces the file of that name, which who has it open reads on", async () => {
    const { client, brick } = await startBrick();
    const [one, two] = [await client(), await client()];
    const { gfid: old } = await createFile(two, "f", { content: "old" });
    const { stat } = await put(one, "f", "new");
    expect((await lookup(two, "f")).prestat.gfid).toBe(stat.gfid);
    expect(textOf((await readFile(two, old)).payload)).toBe("old");
    expect(brick.tree.stat(old).nlink).toBe(0);
    expect((await put(one, "f", "x", { flag: OpenFlags.excl })).opErrno).toBe(Errno.EEXIST);
  });

  it("waits for the lease on what it replaces", async () => {
    const { client } = await startBrick();
    const [one, runner] = [await client(), await client()];
    const { gfid } = await createFile(one, "f", { content: "old" });
    const { leaseId } = await leased(runner, gfid);
    let isAnswered = false;
    const answered = put(one, "f", "new").finally(() => (isAnswered = true));
    await settle();
    expect(isAnswered).toBe(false);
    expect(textOf((await readFile(one, gfid)).payload)).toBe("old");
    await unlock(runner, gfid, leaseId);
    expect((await answered).opRet).toBe(0);
  });

  it("leaves nothing when it is refused", async () => {
    const { client, brick } = await startBrick();
    const one = await client();
    const directory = newGfid();
    const made = { pargfid: ROOT_GFID, mode: 0o755, umask: 0, bname: "d", xdata: creation(directory) };
    await one.call("mkdir", made);
    const gfid = newGfid();
    expect((await put(one, "d", "x", { gfid })).opErrno).toBe(Errno.EISDIR);
    expect((await put(one, "f", "x", { gfid: newGfid(), auth: { uid: 5 } })).opErrno).toBe(Errno.EACCES);
    expect((await put(one, "f", "x", { gfid: newGfid(), offset: 2 ** 52 })).opErrno).toBe(Errno.EFBIG);
    await settle();
    expect(() => brick.tree.stat(gfid)).toThrow(/TREE_STALE/);
    expect((await lookup(one, "f")).opErrno).toBe(Errno.ENOENT);
  });

  it("does not hide a file that has moved to another brick behind a new one", async () => {
    const { client } = await startBrick();
    const one = await client();
    const gfid = newGfid();
    const linkto = bytesValue(bytesOf("other\0"));
    await one.call("mknod", {
      pargfid: ROOT_GFID,
      dev: 0n,
      mode: FileType.regular | 0o1000,
      umask: 0,
      bname: "moved",
      xdata: creation(gfid, new Map([["trusted.glusterfs.dht.linkto", linkto]])),
    });
    expect((await put(one, "moved", "x")).opErrno).toBe(Errno.ESTALE);
    expect((await lookup(one, "moved")).prestat.gfid).toBe(gfid);
  });

  it("is told to those who know the directory", async () => {
    const { client } = await startBrick({ cacheInvalidation: {} });
    const [one, two] = [await client(), await client()];
    await lookup(two, "f");
    await two.call("stat", { gfid: ROOT_GFID, xdata: null });
    await put(one, "f", "x");
    await settle();
    expect(two.callbacks.map(({ name }) => name)).toContain("cacheInvalidation");
    const told = two.callbacks.at(-1)?.request as { gfid: Gfid; flags: number };
    expect(told).toMatchObject({ gfid: ROOT_GFID, flags: InvalidationFlags.times });
  });

  it("syncs before it names the file when the flags ask for it", async () => {
    const seen: boolean[] = [];
    const store = createMemoryStore();
    const sync = async (gfid: Gfid) => {
      seen.push(brick.tree.isLinked(gfid));
      await store.data.sync(gfid);
    };
    const slow = { ...store, data: { ...store.data, sync } };
    const { client, brick } = await startBrick({}, [{ name: "b0", store: slow }]);
    const one = await client();
    await put(one, "a", "x");
    expect(seen).toEqual([]);
    await put(one, "b", "x", { flag: OpenFlags.sync });
    expect(seen).toEqual([false]);
  });
});
