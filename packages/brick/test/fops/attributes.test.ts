import { Errno, NO_IATT, ROOT_GFID, SetattrValid } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { permits } from "../../src/access/permission.js";
import { attributeChange } from "../../src/fops/setattr.js";
import { createFile, newGfid, readFile, startBrick, textOf } from "../test-brick.js";

describe("SETATTR", () => {
  it("changes what valid names and nothing else", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid, fd } = await createFile(one, "f", { content: "0123456789" });
    const stbuf = { ...NO_IATT, mode: 0o104755, uid: 5, gid: 6, size: 4, mtime: 77, mtimeNsec: 8 };
    const set = (valid: number) => one.call("setattr", { gfid, stbuf, valid, xdata: null });
    expect(await set(SetattrValid.mode)).toMatchObject({
      prestat: { mode: 0o100644 },
      poststat: { mode: 0o104755, uid: 0, size: 10 },
    });
    expect((await set(SetattrValid.uid | SetattrValid.gid)).poststat).toMatchObject({ uid: 5, gid: 6 });
    expect((await set(SetattrValid.mtime)).poststat).toMatchObject({ mtime: 77, mtimeNsec: 8 });
    expect((await set(SetattrValid.size)).poststat.size).toBe(4);
    expect(textOf((await readFile(one, gfid)).payload)).toBe("0123");
    const byFd = await one.call("fsetattr", {
      gfid,
      fd,
      stbuf: { ...stbuf, mode: 0o600 },
      valid: 1,
      xdata: null,
    });
    expect(byFd.poststat.mode).toBe(0o100600);
  });

  it("takes the brick's time for touch, and a client's for utimes", () => {
    const stbuf = { ...NO_IATT, atime: 1, atimeNsec: 2, mtime: 3, mtimeNsec: 4 };
    expect(attributeChange(stbuf, 0x1b0)).toEqual({ atimeNs: "now", mtimeNs: "now" });
    expect(attributeChange(stbuf, 0x30)).toEqual({ atimeNs: 1_000_000_002n, mtimeNs: 3_000_000_004n });
  });

  it("takes all but the size when distribute heals a directory with valid -1", () => {
    const change = attributeChange({ ...NO_IATT, mode: 0o40750, uid: 1, gid: 2, size: 9, mtime: 5 }, -1);
    expect(change).toEqual({ mode: 0o750, uid: 1, gid: 2, atimeNs: 0n, mtimeNs: 5_000_000_000n });
  });

  it("of the size of a directory is EISDIR, of an unknown object ESTALE", async () => {
    const { client } = await startBrick();
    const one = await client();
    const request = { stbuf: NO_IATT, valid: SetattrValid.size, xdata: null };
    expect((await one.call("setattr", { ...request, gfid: ROOT_GFID })).opErrno).toBe(Errno.EISDIR);
    expect((await one.call("setattr", { ...request, gfid: newGfid() })).opErrno).toBe(Errno.ESTALE);
  });
});

describe("ACCESS", () => {
  const caller = (uid: number, gid: number, groups: readonly number[] = []) => ({
    pid: 100,
    uid,
    gid,
    groups,
    lkOwner: "",
  });
  const file = { mode: 0o100754, uid: 1, gid: 2, access: undefined };

  it.each([
    ["the owner", caller(1, 9), 7, true],
    ["the group", caller(5, 2), 5, true],
    ["the group for writing", caller(5, 2), 2, false],
    ["an auxiliary group", caller(5, 9, [3, 2]), 5, true],
    ["another for reading", caller(5, 9), 4, true],
    ["another for executing", caller(5, 9), 1, false],
    ["root for all", caller(0, 0), 7, true],
  ] as const)("goes by the permission bits for %s", (_who, who, mask, expected) => {
    expect(permits(file, who, mask)).toBe(expected);
  });

  it("is answered with EACCES or success", async () => {
    const { client } = await startBrick();
    const one = await client();
    const { gfid } = await createFile(one, "f", { mode: 0o600 });
    const access = (uid: number) =>
      one.call("access", { gfid, mask: 4, xdata: null }, { pid: 100, uid, gid: uid });
    expect((await access(0)).opRet).toBe(0);
    expect(await access(7)).toMatchObject({ opRet: -1, opErrno: Errno.EACCES });
    const masked = (mask: number) => one.call("access", { gfid, mask, xdata: null });
    expect(await masked(8)).toMatchObject({ opRet: -1, opErrno: Errno.EINVAL });
    expect((await masked(8 | 4)).opRet).toBe(0);
  });
});
