import { type BrickClient, isFopError } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  bytesValue,
  dictBytes,
  EntrylkCmd,
  Errno,
  FileType,
  type FopName,
  type Gfid,
  gfidValue,
  intValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LkCmd,
  LockType,
  NO_IATT,
  NULL_GFID,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
  SeekWhat,
  SetattrValid,
} from "@brickshift/wire";
import { expect } from "vitest";

/** What one fop does. */
export type FopCase = (client: BrickClient) => Promise<unknown>;

let made = 0;
/** A new gfid, which is also a name. */
export function newGfid(): Gfid {
  made += 1;
  return parseGfid(`aaaaaaaa-0000-4000-8000-${made.toString(16).padStart(12, "0")}`);
}
const unknown = parseGfid("ffffffff-0000-4000-8000-000000000001");
/** The name and the gfid of a new object in the root. */
export const asNew = (gfid: Gfid) => ({
  pargfid: ROOT_GFID,
  bname: gfid,
  xdata: new Map([["gfid-req", gfidValue(gfid)]]),
});
export const text = (value: string) => new TextEncoder().encode(value);

/** A file with ten bytes of content. */
export async function newFile(client: BrickClient): Promise<Gfid> {
  const gfid = newGfid();
  await client.fops.mknod({ ...asNew(gfid), mode: FileType.regular | 0o640, dev: 0n });
  await client.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: text("0123456789") });
  return gfid;
}

async function newDirectory(client: BrickClient): Promise<Gfid> {
  const gfid = newGfid();
  await client.fops.mkdir({ ...asNew(gfid), mode: 0o755 });
  return gfid;
}

/** A file with an fd, which is released in the end. */
async function withFd(
  client: BrickClient,
  use: (gfid: Gfid, fd: bigint) => Promise<void>,
  flags = 2,
): Promise<void> {
  const gfid = await newFile(client);
  const { fd } = await client.fops.open({ gfid, flags });
  await use(gfid, fd);
  await client.fops.release({ gfid, fd });
}

/** Expects a fop to be refused with `errno`. */
export async function failsWith(errno: number, fop: Promise<unknown>): Promise<void> {
  const error: unknown = await fop.then(
    () => "it succeeded",
    (reason: unknown) => reason,
  );
  expect(isFopError(error) ? error.errno : error).toBe(errno);
}

const flock = (type: number, start = 0n, len = 0n) => ({
  type,
  flock: { type, whence: 0, start, len, pid: 9, lkOwner: new Uint8Array() },
});
const other = { auth: { lkOwner: Uint8Array.of(2, 2, 2, 2) } };

/** For each fop what it does on a brick with nothing that matters on it, and how it fails. */
export const fopCases: { readonly [N in FopName]: FopCase } = {
  async stat({ fops }) {
    expect((await fops.stat({ gfid: ROOT_GFID })).stat).toMatchObject({ gfid: ROOT_GFID, ino: 1n });
    await failsWith(Errno.ESTALE, fops.stat({ gfid: unknown }));
  },
  async readlink({ fops }) {
    const gfid = newGfid();
    await fops.symlink({ ...asNew(gfid), linkname: "to/\udcff" });
    expect(await fops.readlink({ gfid, size: 99 })).toMatchObject({ opRet: 4, path: "to/\udcff" });
    await failsWith(Errno.EINVAL, fops.readlink({ gfid: ROOT_GFID, size: 99 }));
  },
  async statfs({ fops }) {
    const { statfs } = await fops.statfs({ gfid: ROOT_GFID });
    expect(statfs.blocks).toBeGreaterThan(statfs.bfree);
    expect(statfs.namemax).toBe(255n);
    await failsWith(Errno.ESTALE, fops.statfs({ gfid: unknown }));
  },
  async setxattr(client) {
    const { fops } = client;
    const gfid = await newFile(client);
    const dict = new Map([["user.a", bytesValue(text("v"))]]);
    expect((await fops.setxattr({ gfid, flags: 1, dict })).opRet).toBe(0);
    await failsWith(Errno.EEXIST, fops.setxattr({ gfid, flags: 1, dict }));
  },
  async getxattr(client) {
    const { fops } = client;
    const gfid = await newFile(client);
    await fops.setxattr({ gfid, flags: 0, dict: new Map([["user.a", bytesValue(text("v"))]]) });
    expect(dictBytes((await fops.getxattr({ gfid, name: "user.a" })).dict, "user.a")).toEqual(text("v"));
    expect([...((await fops.getxattr({ gfid, name: "" })).dict?.keys() ?? [])]).toContain("user.a");
    await failsWith(Errno.ENODATA, fops.getxattr({ gfid, name: "user.b" }));
  },
  async removexattr(client) {
    const gfid = await newFile(client);
    await client.fops.setxattr({ gfid, flags: 0, dict: new Map([["user.a", bytesValue(text("v"))]]) });
    expect((await client.fops.removexattr({ gfid, name: "user.a" })).opRet).toBe(0);
    await failsWith(Errno.ENODATA, client.fops.removexattr({ gfid, name: "user.a" }));
  },
  async access({ fops }) {
    expect((await fops.access({ gfid: ROOT_GFID, mask: 7 })).opRet).toBe(0);
    await failsWith(Errno.ESTALE, fops.access({ gfid: unknown, mask: 4 }));
  },
  fstat: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.fstat({ gfid, fd })).stat).toMatchObject({ gfid, size: 10, mode: 0o100640 });
    }),
  async xattrop(client) {
    const gfid = await newFile(client);
    const dict = new Map([["trusted.afr.x", bytesValue(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1))]]);
    await client.fops.xattrop({ gfid, flags: 0, dict });
    const { dict: sum } = await client.fops.xattrop({ gfid, flags: 0, dict });
    expect(dictBytes(sum, "trusted.afr.x")).toEqual(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2));
    await failsWith(Errno.ESTALE, client.fops.xattrop({ gfid: unknown, flags: 0, dict }));
  },
  fxattrop: (client) =>
    withFd(client, async (gfid, fd) => {
      const dict = new Map([
        ["trusted.afr.x", bytesValue(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1))],
      ]);
      const { dict: sum } = await client.fops.fxattrop({ gfid, fd, flags: 0, dict });
      expect(dictBytes(sum, "trusted.afr.x")?.[3]).toBe(2);
    }),
  fgetxattr: (client) =>
    withFd(client, async (gfid, fd) => {
      await client.fops.setxattr({ gfid, flags: 0, dict: new Map([["user.a", bytesValue(text("v"))]]) });
      expect((await client.fops.fgetxattr({ gfid, fd, name: "user.a" })).opRet).toBe(1);
      await failsWith(Errno.ENODATA, client.fops.fgetxattr({ gfid, fd, name: "user.b" }));
    }),
  fsetxattr: (client) =>
    withFd(client, async (gfid, fd) => {
      const dict = new Map([["user.a", bytesValue(text("v"))]]);
      expect((await client.fops.fsetxattr({ gfid, fd, flags: 0, dict })).opRet).toBe(0);
      await failsWith(Errno.EEXIST, client.fops.fsetxattr({ gfid, fd, flags: 1, dict }));
    }),
  async setattr(client) {
    const gfid = await newFile(client);
    const change = {
      stbuf: { ...NO_IATT, mode: 0o600, uid: 5 },
      valid: SetattrValid.mode | SetattrValid.uid,
    };
    const { prestat, poststat } = await client.fops.setattr({ gfid, ...change });
    expect([prestat.mode, poststat.mode, poststat.uid]).toEqual([0o100640, 0o100600, 5]);
    await failsWith(Errno.ESTALE, client.fops.setattr({ gfid: unknown, ...change }));
  },
  fsetattr: (client) =>
    withFd(client, async (gfid, fd) => {
      const stbuf = { ...NO_IATT, mtime: 1_000_000_000, mtimeNsec: 5 };
      const { poststat } = await client.fops.fsetattr({ gfid, fd, stbuf, valid: SetattrValid.mtime });
      expect([poststat.mtime, poststat.mtimeNsec]).toEqual([1_000_000_000, 5]);
    }),
  fremovexattr: (client) =>
    withFd(client, async (gfid, fd) => {
      await client.fops.setxattr({ gfid, flags: 0, dict: new Map([["user.a", bytesValue(text("v"))]]) });
      expect((await client.fops.fremovexattr({ gfid, fd, name: "user.a" })).opRet).toBe(0);
    }),
  ipc: ({ fops }) => failsWith(Errno.EOPNOTSUPP, fops.ipc({ op: 77 })),
  async mknod(client) {
    const gfid = newGfid();
    const { stat, preparent } = await client.fops.mknod({
      ...asNew(gfid),
      mode: FileType.block | 0o600,
      dev: 0x801n,
    });
    expect(stat).toMatchObject({ gfid, mode: FileType.block | 0o600, rdev: 0x8_0000_0001n });
    expect(preparent.gfid).toBe(ROOT_GFID);
    await failsWith(Errno.EEXIST, client.fops.mknod({ ...asNew(gfid), mode: 0o600, dev: 0n }));
  },
  async mkdir({ fops }) {
    const gfid = newGfid();
    const { stat } = await fops.mkdir({ ...asNew(gfid), mode: 0o750 });
    expect(stat).toMatchObject({ gfid, mode: 0o40750, nlink: 2 });
    await failsWith(Errno.EINVAL, fops.mkdir({ pargfid: ROOT_GFID, bname: "no gfid", mode: 0o750 }));
  },
  async unlink(client) {
    const bname = await newFile(client);
    expect((await client.fops.unlink({ pargfid: ROOT_GFID, bname })).prestat.gfid).toBe(ROOT_GFID);
    await failsWith(Errno.ENOENT, client.fops.unlink({ pargfid: ROOT_GFID, bname }));
  },
  async rmdir(client) {
    const bname = await newDirectory(client);
    expect((await client.fops.rmdir({ pargfid: ROOT_GFID, bname })).opRet).toBe(0);
    await failsWith(Errno.ENOTDIR, client.fops.rmdir({ pargfid: ROOT_GFID, bname: await newFile(client) }));
  },
  async symlink({ fops }) {
    const gfid = newGfid();
    expect((await fops.symlink({ ...asNew(gfid), linkname: "abc" })).stat).toMatchObject({ gfid, size: 3 });
  },
  async rename(client) {
    const gfid = await newFile(client);
    const within = { oldgfid: ROOT_GFID, newgfid: ROOT_GFID };
    const { stat } = await client.fops.rename({ ...within, oldbname: gfid, newbname: `to-${gfid}` });
    expect(stat.gfid).toBe(gfid);
    await failsWith(Errno.ENOENT, client.fops.rename({ ...within, oldbname: gfid, newbname: "x" }));
  },
  async link(client) {
    const gfid = await newFile(client);
    const newbname = `to-${gfid}`;
    expect((await client.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname })).stat.nlink).toBe(2);
    await failsWith(Errno.EEXIST, client.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname }));
  },
  async opendir(client) {
    const gfid = await newDirectory(client);
    const { fd } = await client.fops.opendir({ gfid });
    await client.fops.releasedir({ gfid, fd });
    await failsWith(Errno.ENOTDIR, client.fops.opendir({ gfid: await newFile(client) }));
  },
  async fsyncdir(client) {
    const gfid = await newDirectory(client);
    const { fd } = await client.fops.opendir({ gfid });
    expect((await client.fops.fsyncdir({ gfid, fd, data: 0 })).opRet).toBe(0);
    await client.fops.releasedir({ gfid, fd });
  },
  async lookup(client) {
    const gfid = await newFile(client);
    const xdata = new Map([["glusterfs.content", intValue(4096)]]);
    const found = await client.fops.lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, bname: gfid, xdata });
    expect([found.prestat.gfid, found.poststat.gfid]).toEqual([gfid, ROOT_GFID]);
    expect(dictBytes(found.xdata, "glusterfs.content")).toEqual(text("0123456789"));
    const nothing = { gfid: NULL_GFID, pargfid: ROOT_GFID, bname: "nothing" };
    await failsWith(Errno.ENOENT, client.fops.lookup(nothing));
  },
  async readdir(client) {
    const { fops } = client;
    const gfid = await newDirectory(client);
    const { fd } = await fops.opendir({ gfid });
    const { entries, opErrno } = await fops.readdir({ gfid, fd, offset: 0n, size: 65_536 });
    expect(entries.map(({ name }) => name).toSorted()).toEqual([".", ".."]);
    expect(opErrno).toBe(Errno.ENOENT);
    await fops.releasedir({ gfid, fd });
  },
  async readdirp(client) {
    const { fops } = client;
    const gfid = await newDirectory(client);
    const child = newGfid();
    await fops.mkdir({ ...asNew(child), pargfid: gfid, mode: 0o700 });
    const { fd } = await fops.opendir({ gfid });
    const { entries } = await fops.readdirp({ gfid, fd, offset: 0n, size: 65_536 });
    expect(entries.find(({ name }) => name === child)?.stat).toMatchObject({ gfid: child, mode: 0o40700 });
    await fops.releasedir({ gfid, fd });
  },
  async releasedir(client) {
    const gfid = await newDirectory(client);
    const { fd } = await client.fops.opendir({ gfid });
    expect((await client.fops.releasedir({ gfid, fd })).opRet).toBe(0);
  },
  icreate: ({ fops }) => failsWith(Errno.ESTALE, fops.icreate({ gfid: newGfid(), mode: 0o600 })),
  namelink: () => Promise.reject(new Error("it crashes a 10.3 brick")),
  async truncate(client) {
    const gfid = await newFile(client);
    const { prestat, poststat } = await client.fops.truncate({ gfid, offset: 4 });
    expect([prestat.size, poststat.size]).toEqual([10, 4]);
    await failsWith(Errno.EISDIR, client.fops.truncate({ gfid: ROOT_GFID, offset: 0 }));
  },
  async open(client) {
    await withFd(client, () => Promise.resolve(), OpenFlags.rdonly);
    await failsWith(Errno.ESTALE, client.fops.open({ gfid: unknown, flags: 0 }));
  },
  read: (client) =>
    withFd(client, async (gfid, fd) => {
      const read = await client.fops.read({ gfid, fd, offset: 3, size: 99 });
      expect([read.opRet, read.opErrno, read.stat.size]).toEqual([7, Errno.ENOENT, 10]);
      expect(new TextDecoder().decode(read.payload)).toBe("3456789");
      read.release();
    }),
  write: (client) =>
    withFd(
      client,
      async (gfid, fd) => {
        await failsWith(Errno.EBADF, client.fops.write({ gfid, fd, offset: 0, payload: text("x") }));
        const { opRet, poststat } = await client.fops.write({
          gfid,
          fd: -2n,
          offset: 9,
          payload: text("xy"),
        });
        expect([opRet, poststat.size]).toEqual([2, 11]);
      },
      OpenFlags.rdonly,
    ),
  flush: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.flush({ gfid, fd })).opRet).toBe(0);
    }),
  fsync: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.fsync({ gfid, fd, data: 1 })).poststat.size).toBe(10);
    }),
  async create({ fops }) {
    const gfid = newGfid();
    const how = { flags: OpenFlags.rdwr | OpenFlags.excl, mode: 0o100604 };
    const { fd, stat } = await fops.create({ ...asNew(gfid), ...how });
    expect(stat).toMatchObject({ gfid, mode: 0o100604, size: 0 });
    await fops.release({ gfid, fd });
    await failsWith(Errno.EEXIST, fops.create({ ...asNew(gfid), ...how }));
  },
  ftruncate: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.ftruncate({ gfid, fd, offset: 99 })).poststat.size).toBe(99);
    }),
  rchecksum: (client) =>
    withFd(client, async (gfid, fd) => {
      const sum = await client.fops.rchecksum({ gfid, fd, offset: 0, len: 10, flags: 0 });
      // MD5 of the ten digits.
      expect(Buffer.from(sum.strongChecksum.subarray(0, 16)).toString("hex")).toBe(
        "781e5e245d69b566979b86e28d23f2c7",
      );
    }),
  release: (client) => withFd(client, () => Promise.resolve()),
  fallocate: (client) =>
    withFd(client, async (gfid, fd) => {
      const { poststat } = await client.fops.fallocate({ gfid, fd, flags: 0, offset: 0, size: 4096 });
      expect(poststat.size).toBe(4096);
    }),
  discard: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.discard({ gfid, fd, offset: 2, size: 3 })).poststat.size).toBe(10);
      const { payload } = await client.fops.read({ gfid, fd, offset: 0, size: 10 });
      expect(new TextDecoder().decode(payload)).toBe("01\0\0\u000056789");
    }),
  zerofill: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.zerofill({ gfid, fd, offset: 8, size: 8 })).poststat.size).toBe(16);
    }),
  seek: (client) =>
    withFd(client, async (gfid, fd) => {
      expect((await client.fops.seek({ gfid, fd, offset: 0, what: SeekWhat.hole })).offset).toBe(10);
      await failsWith(Errno.ENXIO, client.fops.seek({ gfid, fd, offset: 10, what: SeekWhat.data }));
    }),
  async put({ fops }) {
    const { pargfid, bname, xdata } = asNew(newGfid());
    const put = { pargfid, bname, mode: 0o600, offset: 0, xattr: null, xdata, payload: text("x") };
    await expect(fops.put(put)).rejects.toMatchObject({ tag: "RpcError", refusal: "procedureUnavailable" });
  },
  copyFileRange: (client) =>
    withFd(client, async (gfid1, fdIn) =>
      withFd(client, async (gfid2, fdOut) => {
        const range = { offIn: 5, offOut: 10, size: 5, flag: 0 };
        const copied = await client.fops.copyFileRange({ gfid1, gfid2, fdIn, fdOut, ...range });
        expect([copied.opRet, copied.stat.gfid, copied.postparent.size]).toEqual([5, gfid1, 15]);
      }),
    ),
  lk: (client) =>
    withFd(client, async (gfid, fd) => {
      const { fops } = client;
      await fops.lk({ gfid, fd, cmd: LkCmd.setlk, ...flock(LockType.write, 0n, 5n) });
      await failsWith(Errno.EAGAIN, fops.lk({ gfid, fd, cmd: LkCmd.setlk, ...flock(LockType.read) }, other));
      const found = await fops.lk({ gfid, fd, cmd: LkCmd.getlk, ...flock(LockType.read) }, other);
      expect(found.flock).toMatchObject({ type: LockType.write, start: 0n, len: 5n, pid: 9 });
    }),
  async inodelk(client) {
    const { fops } = client;
    const gfid = await newFile(client);
    const lock = { gfid, cmd: LkCmd.setlk, volume: "domain" };
    await fops.inodelk({ ...lock, ...flock(LockType.write) });
    await failsWith(Errno.EAGAIN, fops.inodelk({ ...lock, ...flock(LockType.write) }, other));
    const waiting = fops.inodelk({ ...lock, cmd: LkCmd.setlkw, ...flock(LockType.write) }, other);
    await fops.inodelk({ ...lock, ...flock(LockType.unlock) });
    expect((await waiting).opRet).toBe(0);
    await fops.inodelk({ ...lock, ...flock(LockType.unlock) }, other);
  },
  finodelk: (client) =>
    withFd(client, async (gfid, fd) => {
      const lock = { gfid, fd, cmd: LkCmd.setlk, volume: "domain" };
      expect((await client.fops.finodelk({ ...lock, ...flock(LockType.write) })).opRet).toBe(0);
      expect((await client.fops.finodelk({ ...lock, ...flock(LockType.unlock) })).opRet).toBe(0);
      await failsWith(Errno.EINVAL, client.fops.finodelk({ ...lock, ...flock(LockType.unlock) }));
    }),
  async entrylk({ fops }) {
    const lock = { gfid: ROOT_GFID, type: 1, name: "n", volume: "domain" };
    await fops.entrylk({ ...lock, cmd: EntrylkCmd.lock });
    await failsWith(Errno.EAGAIN, fops.entrylk({ ...lock, cmd: EntrylkCmd.lockNonBlocking }, other));
    expect((await fops.entrylk({ ...lock, cmd: EntrylkCmd.unlock })).opRet).toBe(0);
  },
  async fentrylk({ fops }) {
    const { fd } = await fops.opendir({ gfid: ROOT_GFID });
    const lock = { gfid: ROOT_GFID, fd, type: 1, name: "m", volume: "domain" };
    expect((await fops.fentrylk({ ...lock, cmd: EntrylkCmd.lock })).opRet).toBe(0);
    expect((await fops.fentrylk({ ...lock, cmd: EntrylkCmd.unlock })).opRet).toBe(0);
    await fops.releasedir({ gfid: ROOT_GFID, fd });
  },
  async lease(client) {
    const gfid = await newFile(client);
    const leaseId = leaseIdFromRandom(new Uint8Array(15).fill(3));
    const lease = { leaseType: LeaseType.read, leaseId, leaseFlags: 0 };
    await client.fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.set } });
    const { lease: held } = await client.fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.get } });
    expect(held.leaseType).toBe(LeaseType.read);
    await client.fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.unlock } });
    const none = leaseIdFromRandom(new Uint8Array(15).fill(4));
    const wrong = { leaseType: 9, leaseId: none, leaseFlags: 0, cmd: LeaseCmd.set };
    await failsWith(Errno.EPERM, client.fops.lease({ gfid, lease: wrong }));
  },
  getactivelk: (client) =>
    withFd(client, async (gfid, fd) => {
      await client.fops.lk({ gfid, fd, cmd: LkCmd.setlk, ...flock(LockType.write, 3n, 4n) });
      const { opRet, locks } = await client.fops.getactivelk({ gfid });
      expect([opRet, locks[0]?.flock.start, locks[0]?.flock.len]).toEqual([1, 3n, 4n]);
    }),
  // On an object that is there it crashes a 10.3 brick, whatever the list.
  setactivelk: ({ fops }) => failsWith(Errno.ESTALE, fops.setactivelk({ gfid: unknown, locks: [] })),
};
