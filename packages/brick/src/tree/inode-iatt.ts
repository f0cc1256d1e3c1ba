import {
  FileType,
  type Gfid,
  type Iatt,
  IATT_FLAGS_ALL,
  nameByteLength,
  rdevOfDevice,
  ROOT_GFID,
} from "@brickshift/wire";
import type { BlobStat } from "../store/store.js";
import { type InodeRecord, isDirectory, typeOf } from "./inode-record.js";

const BLOCK_BYTES = 4096;
const NS_PER_SECOND = 1_000_000_000n;

/** Inode number that GlusterFS gives to a gfid: its last eight bytes, and 1 for the root. */
export function inoOf(gfid: Gfid): bigint {
  return gfid === ROOT_GFID ? 1n : BigInt(`0x${gfid.slice(19, 23)}${gfid.slice(24)}`);
}

/** Attributes as they go on the wire. `dev` is one number for the whole brick. */
export function iattOf(gfid: Gfid, record: InodeRecord, blob: BlobStat | undefined, dev: bigint): Iatt {
  const { size, blocks } = extentOf(record, blob);
  const [atime, atimeNsec] = secondsOf(record.atimeNs);
  const [mtime, mtimeNsec] = secondsOf(record.mtimeNs);
  const [ctime, ctimeNsec] = secondsOf(record.ctimeNs);
  return {
    gfid,
    flags: IATT_FLAGS_ALL,
    ino: inoOf(gfid),
    dev,
    rdev: rdevOfDevice(record.rdev),
    size,
    blocks,
    attributes: 0n,
    attributesMask: 0n,
    atime,
    mtime,
    ctime,
    btime: 0,
    atimeNsec,
    mtimeNsec,
    ctimeNsec,
    btimeNsec: 0,
    nlink: record.nlink,
    uid: record.uid,
    gid: record.gid,
    blksize: BLOCK_BYTES,
    mode: record.mode,
  };
}

/** Linux `DT_…` of the type bits of a mode. */
export function direntTypeOf(type: number): number {
  return (type & FileType.mask) >> 12;
}

/** How long it is, in bytes, and the room that it takes, in units of 512 bytes. */
export function extentOf(record: InodeRecord, blob: BlobStat | undefined): { size: number; blocks: number } {
  if (isDirectory(record)) return { size: BLOCK_BYTES, blocks: BLOCK_BYTES / 512 };
  if (typeOf(record) === FileType.symlink) return { size: nameByteLength(record.symlink), blocks: 0 };
  return blob ?? { size: 0, blocks: 0 };
}

/** Seconds rounded down, so that nanoseconds are positive also before 1970. */
function secondsOf(ns: bigint): [number, number] {
  let seconds = ns / NS_PER_SECOND;
  let rest = ns % NS_PER_SECOND;
  if (rest < 0n) {
    seconds -= 1n;
    rest += NS_PER_SECOND;
  }
  return [Number(seconds), Number(rest)];
}
