import type { Codec } from "./codec.js";
import { type Gfid, NULL_GFID } from "./ids.js";

/** Attributes of an inode as a brick sends them. Times are seconds since 1970 and nanoseconds of it. */
export interface Iatt {
  readonly gfid: Gfid;
  /** Which members are valid, {@link IattFlags}; 0 in requests. */
  readonly flags: number;
  /** Inode number: the last 8 bytes of the gfid, 1 for the root. */
  readonly ino: bigint;
  readonly dev: bigint;
  readonly rdev: bigint;
  /** Bytes. */
  readonly size: number;
  /** Blocks of 512 bytes. */
  readonly blocks: number;
  readonly attributes: bigint;
  readonly attributesMask: bigint;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
  readonly btime: number;
  readonly atimeNsec: number;
  readonly mtimeNsec: number;
  readonly ctimeNsec: number;
  readonly btimeNsec: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly blksize: number;
  /** The whole `st_mode`: type bits and permissions, Linux numbers. */
  readonly mode: number;
}

/** Bits of {@link Iatt.flags}. */
export const IattFlags = {
  type: 0x1,
  mode: 0x2,
  nlink: 0x4,
  uid: 0x8,
  gid: 0x10,
  atime: 0x20,
  mtime: 0x40,
  ctime: 0x80,
  ino: 0x100,
  size: 0x200,
  blocks: 0x400,
  btime: 0x800,
  gfid: 0x1000,
} as const;

/** What a GlusterFS 10.3 brick claims: everything but the birth time. */
export const IATT_FLAGS_ALL = 0x17ff;

/** No attributes: what failed replies carry, and what goes in places without a value. */
export const NO_IATT: Iatt = Object.freeze({
  gfid: NULL_GFID,
  flags: 0,
  ino: 0n,
  dev: 0n,
  rdev: 0n,
  size: 0,
  blocks: 0,
  attributes: 0n,
  attributesMask: 0n,
  atime: 0,
  mtime: 0,
  ctime: 0,
  btime: 0,
  atimeNsec: 0,
  mtimeNsec: 0,
  ctimeNsec: 0,
  btimeNsec: 0,
  nlink: 0,
  uid: 0,
  gid: 0,
  blksize: 0,
  mode: 0,
});

/**
 * The 148 bytes of `gfx_iattx`. Written out by hand, since nearly every reply carries one to five of them.
 * Source: measured, every reply of the fop vectors.
 */
export const iatt: Codec<Iatt> = {
  read: (reader) => ({
    gfid: reader.gfid(),
    flags: reader.u64Number(),
    ino: reader.u64(),
    dev: reader.u64(),
    rdev: reader.u64(),
    size: reader.u64Number(),
    blocks: reader.u64Number(),
    attributes: reader.u64(),
    attributesMask: reader.u64(),
    atime: reader.i64Number(),
    mtime: reader.i64Number(),
    ctime: reader.i64Number(),
    btime: reader.i64Number(),
    atimeNsec: reader.u32(),
    mtimeNsec: reader.u32(),
    ctimeNsec: reader.u32(),
    btimeNsec: reader.u32(),
    nlink: reader.u32(),
    uid: reader.u32(),
    gid: reader.u32(),
    blksize: reader.u32(),
    mode: reader.u32(),
  }),
  write(writer, value) {
    writer.gfid(value.gfid);
    writer.u64Number(value.flags);
    writer.u64(value.ino);
    writer.u64(value.dev);
    writer.u64(value.rdev);
    writer.u64Number(value.size);
    writer.u64Number(value.blocks);
    writer.u64(value.attributes);
    writer.u64(value.attributesMask);
    writer.i64Number(value.atime);
    writer.i64Number(value.mtime);
    writer.i64Number(value.ctime);
    writer.i64Number(value.btime);
    writer.u32(value.atimeNsec);
    writer.u32(value.mtimeNsec);
    writer.u32(value.ctimeNsec);
    writer.u32(value.btimeNsec);
    writer.u32(value.nlink);
    writer.u32(value.uid);
    writer.u32(value.gid);
    writer.u32(value.blksize);
    writer.u32(value.mode);
  },
  zero: NO_IATT,
};
