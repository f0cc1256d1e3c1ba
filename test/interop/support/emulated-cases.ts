import type { BrickClient } from "@brickshift/brick-client";
import { ANONYMOUS_FD, Errno, type FopName, LockType, OpenFlags, ROOT_GFID } from "@brickshift/wire";
import { expect } from "vitest";
import { asNew, failsWith, type FopCase, newFile, newGfid, text } from "./fop-cases.js";

async function contentOf(client: BrickClient, bname: string): Promise<string> {
  const { prestat } = await client.fops.lookup({ gfid: ROOT_GFID, pargfid: ROOT_GFID, bname });
  const { payload, release } = await client.fops.read({
    gfid: prestat.gfid,
    fd: ANONYMOUS_FD,
    offset: 0,
    size: 99,
  });
  const content = new TextDecoder().decode(payload);
  release();
  return content;
}

/** The fops that no stock brick of 10.3 carries out, on an emulated one. */
export const emulatedCases: { readonly [N in FopName]?: FopCase } = {
  async icreate(client) {
    const { pargfid, bname, xdata } = asNew(newGfid());
    const { stat } = await client.fops.icreate({ gfid: bname, mode: 0o600 });
    expect(stat).toMatchObject({ gfid: bname, mode: 0o100600, nlink: 0 });
    await client.fops.write({ gfid: bname, fd: ANONYMOUS_FD, offset: 0, payload: text("before its name") });
    await failsWith(Errno.EEXIST, client.fops.icreate({ gfid: bname, mode: 0o600 }));
    await client.fops.namelink({ pargfid, bname, xdata });
    expect(await contentOf(client, bname)).toBe("before its name");
  },
  async namelink({ fops }) {
    const { pargfid, bname, xdata } = asNew(newGfid());
    await failsWith(Errno.ESTALE, fops.namelink({ pargfid, bname, xdata }));
  },
  async put(client) {
    const { pargfid, bname, xdata } = asNew(newGfid());
    const put = { pargfid, bname, mode: 0o600, offset: 0, xattr: null };
    await client.fops.put({ ...put, xdata, payload: text("first") });
    expect(await contentOf(client, bname)).toBe("first");
    const { stat } = await client.fops.put({ ...put, xdata: asNew(newGfid()).xdata, payload: text("next") });
    expect([stat.size, stat.nlink]).toEqual([4, 1]);
    expect(await contentOf(client, bname)).toBe("next");
    const third = asNew(newGfid());
    const again = client.fops.put({ ...put, xdata: third.xdata, flag: OpenFlags.excl, payload: text("x") });
    await failsWith(Errno.EEXIST, again);
  },
  async setactivelk(client) {
    const gfid = await newFile(client);
    const flock = { type: LockType.write, whence: 0, start: 3n, len: 4n, pid: 9, lkOwner: Uint8Array.of(7) };
    const lock = { flock, clientUid: "CTX_ID:nobody", lkFlags: 0 };
    await failsWith(Errno.EPERM, client.fops.setactivelk({ gfid, locks: [] }));
    const internal = { auth: { pid: -3 } };
    await failsWith(Errno.ESRCH, client.fops.setactivelk({ gfid, locks: [lock] }, internal));
    const { locks } = await withLock(client, gfid);
    // What one brick tells another takes.
    const copy = await newFile(client);
    await client.fops.setactivelk({ gfid: copy, locks }, internal);
    expect((await client.fops.getactivelk({ gfid: copy })).locks).toEqual(locks);
  },
};

async function withLock({ fops }: BrickClient, gfid: Awaited<ReturnType<typeof newFile>>) {
  const flock = { type: LockType.write, whence: 0, start: 3n, len: 4n, pid: 9, lkOwner: new Uint8Array() };
  await fops.lk({ gfid, fd: ANONYMOUS_FD, cmd: 1, type: LockType.write, flock });
  return fops.getactivelk({ gfid });
}
