import {
  bytesValue,
  type Dict,
  dictBytes,
  dictNumber,
  Errno,
  gfidValue,
  intValue,
  NO_IATT,
  ROOT_GFID,
  SetattrValid,
  textValue,
  XDATA,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { bytesOf, createFile, creation, newGfid, startBrick, type TestClient } from "../test-brick.js";

const mkdir = (client: TestClient, bname: string, more: Dict = new Map(), pargfid = ROOT_GFID) => {
  const gfid = newGfid();
  const request = { pargfid, mode: 0o755, umask: 0, bname, xdata: creation(gfid, more) };
  return client.call("mkdir", request).then((reply) => ({ gfid, reply }));
};
const unlink = (client: TestClient, bname: string, xdata: Dict | null = null) =>
  client.call("unlink", { pargfid: ROOT_GFID, bname, xflags: 0, xdata });
const rename = (client: TestClient, oldbname: string, newbname: string) =>
  client.call("rename", { oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname, newbname, xdata: null });

describe("what makes a name", () => {
  it("needs a gfid-req: EINVAL without, EEXIST with one that is taken", async () => {
    const { client } = await startBrick();
    const one = await client();
    const base = { pargfid: ROOT_GFID, mode: 0o644, umask: 0, bname: "n", xdata: null };
    expect((await one.call("mkdir", base)).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("create", { ...base, flags: 2 })).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("mknod", { ...base, dev: 0n })).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("symlink", { ...base, linkname: "x" })).opErrno).toBe(Errno.EINVAL);
    const { gfid } = await mkdir(one, "d");
    const again = await one.call("mkdir", { ...base, bname: "e", xdata: creation(gfid) });
    expect(again.opErrno).toBe(Errno.EEXIST);
  });

  it("gives the new object and its parent before and after, owned by the caller", async () => {
    const { client } = await startBrick();
    const one = await client();
    const gfid = newGfid();
    const request = { pargfid: ROOT_GFID, mode: 0o750, umask: 0o22, bname: "d", xdata: creation(gfid) };
    const caller = { uid: 7, gid: 8 };
    expect(await one.call("mkdir", request, caller)).toMatchObject({ opRet: -1, opErrno: Errno.EACCES });
    const stbuf = { ...NO_IATT, mode: 0o777 };
    await one.call("setattr", { gfid: ROOT_GFID, stbuf, valid: SetattrValid.mode, xdata: null });
    const reply = await one.call("mkdir", request, caller);
    expect(reply.stat).toMatchObject({ gfid, mode: 0o40750, uid: 7, gid: 8 });
    expect(reply.preparent.gfid).toBe(ROOT_GFID);
    expect(reply.postparent.nlink).toBe(reply.preparent.nlink + 1);
  });

  it("sets the xattrs of xdata on the new object, and no other keys", async () => {
    const { client } = await startBrick();
    const one = await client();
    const layout = bytesOf("0123456789abcdef");
    const { gfid } = await mkdir(
      one,
      "d",
      new Map([
        ["trusted.glusterfs.dht", bytesValue(layout)],
        ["glusterfs-internal-fop", textValue("yes")],
      ]),
    );
    const all = await one.call("getxattr", { gfid, namelen: 0, name: "", xdata: null });
    expect([...(all.dict?.keys() ?? [])]).toEqual(["trusted.glusterfs.dht"]);
    expect(dictBytes(all.dict, "trusted.glusterfs.dht")).toEqual(layout);
  });

  it("checks the parent's layout when asked: ENODATA without one, EIO and a mark when it differs", async () => {
    const { client } = await startBrick();
    const one = await client();
    const check = (layout: string): Dict =>
      new Map([
        ["glusterfs.preop.parent.key", textValue("trusted.glusterfs.dht")],
        ["trusted.glusterfs.dht", bytesValue(bytesOf(layout))],
      ]);
    expect((await mkdir(one, "a", check("one"))).reply.opErrno).toBe(Errno.ENODATA);
    const dict: Dict = new Map([["trusted.glusterfs.dht", bytesValue(bytesOf("one"))]]);
    await one.call("setxattr", { gfid: ROOT_GFID, flags: 0, dict, xdata: null });
    const other = (await mkdir(one, "a", check("two"))).reply;
    expect([other.opErrno, dictNumber(other.xdata, "glusterfs.preop.check.failed")]).toEqual([Errno.EIO, 1]);
    const made = await mkdir(one, "a", check("one"));
    expect(made.reply.opRet).toBe(0);
    const name = "trusted.glusterfs.dht";
    const own = await one.call("getxattr", { gfid: made.gfid, namelen: 21, name, xdata: null });
    expect(own.opErrno).toBe(Errno.ENODATA);
  });

  it("makes what a MKNOD's mode says, and a stock link file with its linkto", async () => {
    const { client } = await startBrick();
    const one = await client();
    const mknod = async (bname: string, mode: number, more: Dict = new Map()) => {
      const gfid = newGfid();
      const xdata = creation(gfid, more);
      return one.call("mknod", { pargfid: ROOT_GFID, dev: 0x501n, mode, umask: 0, bname, xdata });
    };
    expect((await mknod("fifo", 0o10600)).stat.mode).toBe(0o10600);
    expect((await mknod("dev", 0o20600)).stat).toMatchObject({ mode: 0o20600, rdev: 0x5_0000_0001n });
    const linkto: Dict = new Map([[XDATA.linkto, textValue("other")]]);
    const made = await mknod("linkfile", 0o101000, linkto);
    expect(made.stat.mode).toBe(0o101000);
    const read = await one.call("open", { gfid: made.stat.gfid, flags: 0, xdata: null });
    expect(read.opErrno).toBe(Errno.ESTALE);
  });

  it("makes one more name for a link file whose gfid is there, also while that is being made", async () => {
    const { client } = await startBrick();
    const one = await client();
    const gfid = newGfid();
    const mknod = (bname: string, mode: number, linkto?: string) => {
      const more: Dict = linkto === undefined ? new Map() : new Map([[XDATA.linkto, textValue(linkto)]]);
      return one.call("mknod", {
        ...{ pargfid: ROOT_GFID, dev: 0n, mode, umask: 0, bname },
        xdata: creation(gfid, more),
      });
    };
    const both = await Promise.all(["a", "b"].map((name) => mknod(name, 0o101000, "other")));
    expect(both.map(({ opRet, stat }) => [opRet, stat.gfid])).toEqual([
      [0, gfid],
      [0, gfid],
    ]);
    expect((await mknod("c", 0o101000, "other")).stat).toMatchObject({ gfid, nlink: 3, mode: 0o101000 });
    expect((await mknod("a", 0o101000, "other")).opErrno).toBe(Errno.EEXIST);
    // Without a linkto, and with another mode, it is a second object of one gfid.
    for (const refused of [await mknod("d", 0o101000), await mknod("d", 0o100644, "other")])
      expect(refused.opRet).toBe(-1);
  });

  it("refuses a name that is taken, too long, or under something that is no directory", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    expect((await mkdir(one, "f")).reply.opErrno).toBe(Errno.EEXIST);
    expect((await mkdir(one, "n".repeat(256))).reply.opErrno).toBe(Errno.ENAMETOOLONG);
    expect((await mkdir(one, "n", new Map(), gfid)).reply.opErrno).toBe(Errno.ENOTDIR);
    expect((await mkdir(one, "n", new Map(), newGfid())).reply.opErrno).toBe(Errno.ESTALE);
  });
});

describe("CREATE", () => {
  it("opens an existing file unless O_EXCL forbids it, and empties it with O_TRUNC", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f", { content: "abc" });
    const again = (flags: number) =>
      one.call("create", {
        pargfid: ROOT_GFID,
        flags,
        mode: 0o644,
        umask: 0,
        bname: "f",
        xdata: creation(newGfid()),
      });
    expect(await again(0o102)).toMatchObject({ opRet: 0, fd: 1n, stat: { gfid, size: 3 } });
    expect((await again(0o302)).opErrno).toBe(Errno.EEXIST);
    expect(await again(0o1102)).toMatchObject({ opRet: 0, fd: 2n, stat: { size: 0 } });
  });

  it("echoes the extra data of the request", async () => {
    const { client } = await startBrick();
    const { gfid, reply } = await createFile(await client(), "f");
    expect(reply.xdata?.get("gfid-req")).toEqual(gfidValue(gfid));
    expect(reply.stat).toMatchObject({ gfid, mode: 0o100644, nlink: 1 });
  });
});

describe("OPEN", () => {
  it("gives the smallest free number, refuses directories, and empties with O_TRUNC", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f", { content: "abc" });
    const open = (flags: number) => one.call("open", { gfid, flags, xdata: null });
    expect((await open(0)).fd).toBe(1n);
    await one.call("release", { gfid, fd: 0n, xdata: null });
    expect((await open(0)).fd).toBe(0n);
    expect((await open(0o1002)).opRet).toBe(0);
    expect((await one.call("stat", { gfid, xdata: null })).stat.size).toBe(0);
    expect((await one.call("open", { gfid: ROOT_GFID, flags: 0, xdata: null })).opErrno).toBe(Errno.EISDIR);
    expect((await one.call("opendir", { gfid, xdata: null })).opErrno).toBe(Errno.ENOTDIR);
    expect((await one.call("open", { gfid: newGfid(), flags: 0, xdata: null })).opErrno).toBe(Errno.ESTALE);
  });
});

describe("UNLINK and RMDIR", () => {
  it("give the parent before and after, and what is left of the object", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    await one.call("link", { oldgfid: gfid, newgfid: ROOT_GFID, newbname: "g", xdata: null });
    const first = await unlink(one, "f");
    expect(first).toMatchObject({ opRet: 0, poststat: { gfid: ROOT_GFID } });
    expect(dictNumber(first.xdata, "get-link-count")).toBe(0);
    await one.call("link", { oldgfid: gfid, newgfid: ROOT_GFID, newbname: "h", xdata: null });
    const asked = await unlink(one, "g", new Map([["get-link-count", intValue(1)]]));
    expect(dictNumber(asked.xdata, "get-link-count")).toBe(1);
  });

  it("tell files and directories apart, and spare what is not empty", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await mkdir(one, "d");
    await createFile(one, "f");
    await createFile(one, "inside", { pargfid: gfid });
    const rmdir = (bname: string, xflags = 0) =>
      one.call("rmdir", { pargfid: ROOT_GFID, bname, xflags, xdata: null });
    expect((await unlink(one, "d")).opErrno).toBe(Errno.EISDIR);
    expect((await rmdir("f")).opErrno).toBe(Errno.ENOTDIR);
    expect((await rmdir("d")).opErrno).toBe(Errno.ENOTEMPTY);
    expect((await rmdir("d", 1)).opErrno).toBe(Errno.EOPNOTSUPP);
    expect((await rmdir("nothing")).opErrno).toBe(Errno.ENOENT);
    await one.call("unlink", { pargfid: gfid, bname: "inside", xflags: 0, xdata: null });
    expect((await rmdir("d")).opRet).toBe(0);
  });

  it("depend on what the client guards them with", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    const guard = (key: string): Dict => new Map([[key, intValue(1)]]);
    expect((await unlink(one, "f", guard("unlink-only-if-dht-linkto-file"))).opErrno).toBe(Errno.EBUSY);
    expect((await unlink(one, "f", guard("dont-unlink-for-open-fd"))).opErrno).toBe(Errno.EBUSY);
    await one.call("release", { gfid, fd: 0n, xdata: null });
    expect((await unlink(one, "f", guard("dont-unlink-for-open-fd"))).opRet).toBe(0);
  });

  it("leave an open file usable until its last release", async () => {
    const { client, brick } = await startBrick();
    const one = await client();
    const { gfid, fd } = await createFile(one, "f", { content: "still here" });
    expect((await unlink(one, "f")).opRet).toBe(0);
    const read = await one.call("read", { gfid, fd, offset: 0, size: 99, flag: 0, xdata: null });
    expect(read.opRet).toBe(10);
    expect((await one.call("release", { gfid, fd, xdata: null })).opRet).toBe(0);
    expect((await one.call("release", { gfid, fd, xdata: null })).opErrno).toBe(Errno.EBADF);
    expect(brick.gate.inodes.size).toBe(0);
  });
});

describe("RENAME and LINK", () => {
  it("move a name, replacing what was there", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "a");
    const replaced = await createFile(one, "b");
    const reply = await rename(one, "a", "b");
    expect(reply).toMatchObject({ opRet: 0, stat: { gfid }, postnewparent: { gfid: ROOT_GFID } });
    const gone = await one.call("stat", { gfid: replaced.gfid, xdata: null });
    expect(gone.opErrno).toBe(Errno.ESTALE);
    expect((await rename(one, "a", "c")).opErrno).toBe(Errno.ENOENT);
  });

  it("refuse to move a directory into itself, and onto one that is not empty", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await mkdir(one, "d");
    await createFile(one, "f", { pargfid: gfid });
    await mkdir(one, "e");
    const inside = { oldgfid: ROOT_GFID, newgfid: gfid, oldbname: "d", newbname: "d", xdata: null };
    expect((await one.call("rename", inside)).opErrno).toBe(Errno.EINVAL);
    expect((await rename(one, "e", "d")).opErrno).toBe(Errno.ENOTEMPTY);
    expect((await rename(one, "d", "e")).opRet).toBe(0);
  });

  it("give a file a second name, a directory none", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    const { gfid: dir } = await mkdir(one, "d");
    const link = (oldgfid: typeof gfid, newbname: string) =>
      one.call("link", { oldgfid, newgfid: ROOT_GFID, newbname, xdata: null });
    expect(await link(gfid, "g")).toMatchObject({ opRet: 0, stat: { gfid, nlink: 2 } });
    expect((await link(gfid, "g")).opErrno).toBe(Errno.EEXIST);
    expect((await link(dir, "h")).opErrno).toBe(Errno.EPERM);
  });
});
