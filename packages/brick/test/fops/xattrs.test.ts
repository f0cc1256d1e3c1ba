import {
  bytesValue,
  type Dict,
  dictBytes,
  dictText,
  type DictValue,
  Errno,
  type Gfid,
  iattValue,
  NO_IATT,
  ROOT_GFID,
  textValue,
  XattropOp,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { bytesOf, createFile, startBrick, type TestClient } from "../test-brick.js";

const dict = (...pairs: [string, DictValue][]): Dict => new Map(pairs);
const user = (name: string, value: string) => dict([name, bytesValue(bytesOf(value))]);
const get = (client: TestClient, gfid: Gfid, name: string) =>
  client.call("getxattr", { gfid, namelen: name.length, name, xdata: null });
const set = (client: TestClient, gfid: Gfid, values: Dict, flags = 0) =>
  client.call("setxattr", { gfid, flags, dict: values, xdata: null });

async function setUp(volumeId?: string) {
  const config = { name: "b0", store: createMemoryStore(), ...(volumeId !== undefined && { volumeId }) };
  const started = await startBrick({}, [config]);
  const one = await started.client();
  return { ...started, one, ...(await createFile(one, "f")) };
}

describe("SETXATTR and GETXATTR", () => {
  it("store and give raw bytes; the answer is in dict and its size in opRet", async () => {
    const { one, gfid } = await setUp();
    const reply = await set(one, gfid, user("user.a", "12"));
    expect([...(reply.xdata?.keys() ?? [])]).toEqual([
      "virt-gf-prestat",
      "virt-gf-poststat",
      "dht-get-iatt-in-xattr",
    ]);
    const got = await get(one, gfid, "user.a");
    expect(got.opRet).toBe(2);
    expect(dictBytes(got.dict, "user.a")).toEqual(bytesOf("12"));
    expect(await get(one, gfid, "user.b")).toMatchObject({ opRet: -1, opErrno: Errno.ENODATA, dict: null });
  });

  it("keep to the flags: EEXIST for create, ENODATA for replace, EINVAL for what there is not", async () => {
    const { one, gfid } = await setUp();
    expect((await set(one, gfid, user("user.a", "1"), 2)).opErrno).toBe(Errno.ENODATA);
    expect((await set(one, gfid, user("user.a", "1"), 1)).opRet).toBe(0);
    expect((await set(one, gfid, user("user.a", "1"), 1)).opErrno).toBe(Errno.EEXIST);
    expect((await set(one, gfid, user("user.a", "1"), 3)).opErrno).toBe(Errno.EEXIST);
    expect((await set(one, gfid, user("user.b", "1"), 3)).opErrno).toBe(Errno.ENODATA);
    expect((await set(one, gfid, user("user.a", "1"), 9)).opErrno).toBe(Errno.EINVAL);
    expect((await set(one, gfid, user("no-namespace", "1"), 9)).opErrno).toBe(Errno.EINVAL);
    expect((await set(one, gfid, new Map(), 9)).opRet).toBe(0);
  });

  it("say of a name that Linux does not know what Linux says, not that there is no such xattr", async () => {
    const { one, gfid } = await setUp();
    const remove = (name: string) => one.call("removexattr", { gfid, name, xdata: null });
    for (const ask of [(name: string) => get(one, gfid, name), remove]) {
      expect((await ask("no-namespace")).opErrno).toBe(Errno.EOPNOTSUPP);
      expect((await ask("system.other")).opErrno).toBe(Errno.EOPNOTSUPP);
      expect((await ask("trusted.")).opErrno).toBe(Errno.EINVAL);
      expect((await ask(`user.${"n".repeat(251)}`)).opErrno).toBe(Errno.ERANGE);
      expect((await ask(`user.${"n".repeat(250)}`)).opErrno).toBe(Errno.ENODATA);
    }
    expect((await remove("")).opErrno).toBe(Errno.ERANGE);
  });

  it("list everything with values when the name is empty", async () => {
    const { one, gfid } = await setUp();
    await set(one, gfid, new Map([...user("user.a", "1"), ...user("trusted.b", "2")]));
    const all = await get(one, gfid, "");
    expect([...(all.dict?.keys() ?? [])].toSorted()).toEqual(["trusted.b", "user.a"]);
    expect(all).toMatchObject({ prestat: NO_IATT, poststat: NO_IATT });
  });

  it("refuse what a client may not set, what is no xattr, and what is too large", async () => {
    const { one, gfid } = await setUp();
    for (const name of ["trusted.gfid", "trusted.glusterfs.volume-id"]) {
      expect((await set(one, gfid, user(name, "0123456789abcdef"))).opErrno).toBe(Errno.EPERM);
    }
    expect((await set(one, gfid, user("no-namespace", "1"))).opErrno).toBe(Errno.EOPNOTSUPP);
    expect((await set(one, gfid, user("system.other", "1"))).opErrno).toBe(Errno.EOPNOTSUPP);
    expect((await set(one, gfid, user("user.", "1"))).opErrno).toBe(Errno.EINVAL);
    expect((await set(one, gfid, dict(["user.i", iattValue(NO_IATT)]))).opErrno).toBe(Errno.EOPNOTSUPP);
    expect((await set(one, gfid, user("user.a", "x".repeat(65_537)))).opErrno).toBe(Errno.E2BIG);
    expect((await set(one, gfid, user(`user.${"n".repeat(300)}`, "1"))).opErrno).toBe(Errno.ERANGE);
  });

  it("take keys that only say who asks", async () => {
    const { one, gfid } = await setUp();
    const mdata = { atime: 1, mtime: 1, ctime: 1, atimeNsec: 0, mtimeNsec: 0, ctimeNsec: 0 };
    const controls = dict(
      ["glusterfs-internal-fop", textValue("yes")],
      ["set-ctime-mdata", { type: "mdata", value: mdata }],
    );
    expect((await set(one, gfid, controls)).opRet).toBe(0);
    expect((await get(one, gfid, "")).dict?.size).toBe(0);
  });

  it("work on fds, and remove", async () => {
    const { one, gfid, fd } = await setUp();
    await one.call("fsetxattr", { gfid, fd, flags: 0, dict: user("user.a", "1"), xdata: null });
    const got = await one.call("fgetxattr", { gfid, fd, namelen: 6, name: "user.a", xdata: null });
    expect(got.opRet).toBe(1);
    expect((await one.call("fremovexattr", { gfid, fd, name: "user.a", xdata: null })).opRet).toBe(0);
    const again = await one.call("removexattr", { gfid, name: "user.a", xdata: null });
    expect(again.opErrno).toBe(Errno.ENODATA);
  });
});

describe("virtual names", () => {
  it("give what the brick knows, as text with NUL", async () => {
    const { one, gfid, brick } = await setUp("11111111-2222-4333-8444-555555555555");
    const text = async (name: string) => dictText((await get(one, gfid, name)).dict, name);
    expect(await text("glusterfs.gfid.string")).toBe(gfid);
    expect(await text("glusterfs.gfid2path")).toBe("/f");
    expect(await text("trusted.glusterfs.pathinfo")).toBe(`<POSIX(b0):${brick.id}:/f>`);
    expect(await text("trusted.glusterfs.node-uuid")).toBe(brick.id);
    expect((await get(one, ROOT_GFID, "trusted.glusterfs.volume-id")).opRet).toBe(16);
    expect((await get(one, gfid, "trusted.glusterfs.clrlk.tinode")).opErrno).toBe(Errno.EOPNOTSUPP);
  });
});

describe("XATTROP", () => {
  it("adds arrays to what is there, zeros at first, and gives the result", async () => {
    const { one, gfid, fd } = await setUp();
    const counters = (...values: number[]) => {
      const bytes = new Uint8Array(values.length * 4);
      for (const [index, value] of values.entries()) new DataView(bytes.buffer).setInt32(index * 4, value);
      return bytes;
    };
    const add = (flags: number, ...values: number[]) => ({
      gfid,
      flags,
      dict: dict(["trusted.afr.x", bytesValue(counters(...values))]),
      xdata: null,
    });
    const first = await one.call("xattrop", add(XattropOp.addArray32, 1, 2, 3));
    expect(dictBytes(first.dict, "trusted.afr.x")).toEqual(counters(1, 2, 3));
    const second = await one.call("fxattrop", { ...add(XattropOp.addArray32, -1, 0, 1), fd });
    expect(dictBytes(second.dict, "trusted.afr.x")).toEqual(counters(0, 2, 4));
    const before = await one.call("xattrop", add(XattropOp.getAndSet, 9, 9, 9));
    expect(dictBytes(before.dict, "trusted.afr.x")).toEqual(counters(0, 2, 4));
    expect((await one.call("xattrop", add(99, 1))).opErrno).toBe(Errno.EINVAL);
  });
});
