import { type Iatt, NULL_GFID, type OldIatt } from "@brickshift/wire";

/** No attributes, in the form of callbacks. */
export const NO_OLD_IATT: OldIatt = Object.freeze({
  gfid: NULL_GFID,
  ino: 0n,
  dev: 0n,
  mode: 0,
  nlink: 0,
  uid: 0,
  gid: 0,
  rdev: 0n,
  size: 0,
  blksize: 0,
  blocks: 0,
  atime: 0,
  atimeNsec: 0,
  mtime: 0,
  mtimeNsec: 0,
  ctime: 0,
  ctimeNsec: 0,
});

/** Attributes in the form of callbacks: without a birth time, and with the lower 32 bits of the seconds. */
export function oldIattOf(iatt: Iatt | undefined): OldIatt {
  if (iatt === undefined) return NO_OLD_IATT;
  const { gfid, ino, dev, mode, nlink, uid, gid, rdev, size, blksize, blocks } = iatt;
  const { atimeNsec, mtimeNsec, ctimeNsec } = iatt;
  const [atime, mtime, ctime] = [iatt.atime >>> 0, iatt.mtime >>> 0, iatt.ctime >>> 0];
  const times = { atime, atimeNsec, mtime, mtimeNsec, ctime, ctimeNsec };
  return { gfid, ino, dev, mode, nlink, uid, gid, rdev, size, blksize, blocks, ...times };
}
