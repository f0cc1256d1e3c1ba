import {
  bytesValue,
  type Dict,
  dictBytes,
  dictNumber,
  Errno,
  type Gfid,
  gfidToBytes,
  intValue,
  NO_IATT,
  NULL_GFID,
  ROOT_GFID,
  textValue,
  uintValue,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { bytesOf, createFile, newGfid, startBrick, type TestClient } from "../test-brick.js";

const byName = (client: TestClient, bname: string, xdata: Dict | null = null, pargfid = ROOT_GFID) =>
  client.call("lookup", { gfid: NULL_GFID, pargfid, flags: 0, bname, xdata });
const byGfid = (client: TestClient, gfid: Gfid) =>
  client.call("lookup", { gfid, pargfid: NULL_GFID, flags: 0, bname: "", xdata: null });

describe("LOOKUP", () => {
  it("of the root gives ino 1 and the root's gfid, without a parent", async () => {
    const { client } = await startBrick();
    const reply = await byGfid(await client(), ROOT_GFID);
    expect(reply.prestat).toMatchObject({ gfid: ROOT_GFID, ino: 1n });
    expect(reply.poststat).toEqual(NO_IATT);
  });

  it("by name gives the object and its parent, whatever gfid the client guesses", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    const reply = await one.call("lookup", {
      gfid: newGfid(),
      pargfid: ROOT_GFID,
      flags: 0,
      bname: "f",
      xdata: null,
    });
    expect([reply.prestat.gfid, reply.poststat.gfid]).toEqual([gfid, ROOT_GFID]);
  });

  it("of what is not there is ENOENT, with zeros; of an unknown parent ESTALE", async () => {
    const { client } = await startBrick();
    const one = await client();
    const missing = await byName(one, "nothing");
    expect(missing).toMatchObject({ opRet: -1, opErrno: Errno.ENOENT, prestat: NO_IATT, poststat: NO_IATT });
    expect((await byGfid(one, newGfid())).opErrno).toBe(Errno.ENOENT);
    expect((await byName(one, "x", null, newGfid())).opErrno).toBe(Errno.ESTALE);
  });

  it("answers what xdata asks for, and leaves out what the object does not have", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f", { content: "hello" });
    const dict: Dict = new Map([["user.a", bytesValue(bytesOf("1"))]]);
    await one.call("setxattr", { gfid, flags: 0, dict, xdata: null });
    const asked: Dict = new Map([
      ["glusterfs.content", uintValue(65_536)],
      ["glusterfs.open-fd-count", uintValue(4)],
      ["user.a", uintValue(0)],
      ["trusted.glusterfs.dht", uintValue(16)],
      ["trusted.gfid", uintValue(16)],
      ["glusterfs.inodelk-count", uintValue(0)],
      ["glusterfs.inodelk-dom-prefix:x", uintValue(1)],
      ["link-count", textValue("glusterfs.xattrop_index_count")],
      ["gfid-req", uintValue(1)],
    ]);
    const { xdata } = await byName(one, "f", asked);
    expect([...(xdata?.keys() ?? [])].toSorted()).toEqual(
      [
        "glusterfs.content",
        "glusterfs.open-fd-count",
        "user.a",
        "trusted.gfid",
        "glusterfs.inodelk-count",
        "glusterfs.inodelk-dom-prefix:x",
        "link-count",
      ].toSorted(),
    );
    expect(dictBytes(xdata, "glusterfs.content")).toEqual(bytesOf("hello"));
    expect(dictNumber(xdata, "glusterfs.open-fd-count")).toBe(1);
    expect(dictBytes(xdata, "trusted.gfid")).toEqual(gfidToBytes(gfid));
  });

  it("gives the content of an empty file as an empty value, and none of a file larger than asked or allowed", async () => {
    const { client } = await startBrick({ contentBytesMax: 8 });
    const one = await client();
    await createFile(one, "empty");
    await createFile(one, "large", { content: "123456789" });
    const content = async (bname: string, bytes: number) =>
      dictBytes(
        (await byName(one, bname, new Map([["glusterfs.content", uintValue(bytes)]]))).xdata,
        "glusterfs.content",
      );
    expect(await content("empty", 10)).toEqual(new Uint8Array(0));
    expect(await content("large", 1_000)).toBeUndefined();
    expect(await content("empty", 0)).toEqual(new Uint8Array(0));
  });

  it("lists all xattrs when asked to", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    const dict: Dict = new Map([
      ["user.a", bytesValue(bytesOf("1"))],
      ["trusted.b", bytesValue(bytesOf("2"))],
    ]);
    await one.call("setxattr", { gfid, flags: 0, dict, xdata: null });
    const { xdata } = await byName(one, "f", new Map([["list-xattr", intValue(1)]]));
    expect([...(xdata?.keys() ?? [])]).toEqual(["user.a", "trusted.b"]);
  });
});

describe("STAT and FSTAT", () => {
  it("give the attributes, FSTAT of an unlinked file too", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid, fd } = await createFile(one, "f", { content: "abc" });
    expect((await one.call("stat", { gfid, xdata: null })).stat).toMatchObject({ size: 3, nlink: 1 });
    await one.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null });
    expect((await one.call("fstat", { gfid, fd, xdata: null })).stat).toMatchObject({ size: 3, nlink: 0 });
    expect((await one.call("stat", { gfid, xdata: null })).opErrno).toBe(Errno.ESTALE);
    const anonymous = { gfid, fd: -2n, xdata: null };
    expect((await one.call("fstat", anonymous)).stat).toMatchObject({ size: 3, nlink: 0 });
    expect((await one.call("fstat", { gfid, fd: 9n, xdata: null })).opErrno).toBe(Errno.EBADF);
    await one.call("release", { gfid, fd, xdata: null });
    expect((await one.call("fstat", anonymous)).opErrno).toBe(Errno.ENOENT);
  });

  it("send the content of a file along with STAT, not with FSTAT", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid, fd } = await createFile(one, "f", { content: "abc" });
    const xdata: Dict = new Map([["glusterfs.content", uintValue(100)]]);
    expect((await one.call("stat", { gfid, xdata })).xdata?.has("glusterfs.content")).toBe(true);
    expect((await one.call("fstat", { gfid, fd, xdata })).xdata?.size).toBe(0);
    expect((await byName(one, "f", xdata)).xdata?.has("glusterfs.content")).toBe(true);
  });
});

describe("READLINK", () => {
  it("gives the target of a symbolic link, and EINVAL for a file", async () => {
    const { client } = await startBrick();
    const one = await client();
    const gfid = newGfid();
    const xdata: Dict = new Map([["gfid-req", bytesValue(gfidToBytes(gfid))]]);
    await one.call("symlink", { pargfid: ROOT_GFID, bname: "s", umask: 0, linkname: "../tärget", xdata });
    const reply = await one.call("readlink", { gfid, size: 4096, xdata: null });
    expect(reply).toMatchObject({ opRet: 10, path: "../tärget", buf: { mode: 0o120777 } });
    const file = await createFile(one, "f");
    const cut = await one.call("readlink", { gfid, size: 2, xdata: null });
    expect([cut.opRet, cut.path]).toEqual([2, reply.path.slice(0, 2)]);
    expect((await one.call("readlink", { gfid, size: 0, xdata: null })).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("readlink", { gfid: file.gfid, size: 99, xdata: null })).opErrno).toBe(
      Errno.EINVAL,
    );
  });
});

describe("STATFS", () => {
  it("is of the brick by any object, but not by one that is not there", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f");
    expect((await one.call("statfs", { gfid, xdata: null })).opRet).toBe(0);
    expect((await one.call("statfs", { gfid: newGfid(), xdata: null })).opErrno).toBe(Errno.ESTALE);
  });
});
