import { payloadStruct, struct } from "./codec.js";
import { dict } from "./dict.js";
import { r0, r2, r3, rfd } from "./fop-shapes.js";
import { iatt } from "./iatt.js";
import { gfid, i32, i64, name, opaque, payload, size64, u32, u64 } from "./primitives.js";
import { procedure } from "./procedure.js";

const xdata = dict;

/** Fops on the data of files. */
export const dataFops = {
  truncate: procedure(10, "TRUNCATE", { gfid, offset: size64, xdata }, r2),
  open: procedure(11, "OPEN", { gfid, flags: u32, xdata }, rfd),
  /** The reply has its attributes and size before `xdata`, unlike every other; the payload ends it. */
  read: {
    number: 12,
    name: "READ",
    request: struct({ gfid, fd: i64, offset: size64, size: u32, flag: u32, xdata }),
    reply: payloadStruct({ opRet: i32, opErrno: i32, stat: iatt, size: u32, xdata, payload }),
  },
  write: {
    number: 13,
    name: "WRITE",
    request: payloadStruct({ gfid, fd: i64, offset: size64, size: u32, flag: u32, xdata, payload }),
    reply: struct(r2),
  },
  flush: procedure(15, "FLUSH", { gfid, fd: i64, xdata }, r0),
  fsync: procedure(16, "FSYNC", { gfid, fd: i64, data: u32, xdata }, r2),
  create: procedure(
    23,
    "CREATE",
    { pargfid: gfid, flags: u32, mode: u32, umask: u32, bname: name, xdata },
    { ...r0, stat: iatt, fd: u64, preparent: iatt, postparent: iatt },
  ),
  ftruncate: procedure(24, "FTRUNCATE", { gfid, fd: i64, offset: size64, xdata }, r2),
  rchecksum: procedure(
    37,
    "RCHECKSUM",
    { gfid, fd: i64, offset: size64, len: u32, flags: u32, xdata },
    { ...r0, flags: u32, weakChecksum: u32, strongChecksum: opaque },
  ),
  release: procedure(41, "RELEASE", { gfid, fd: i64, xdata }, r0),
  fallocate: procedure(
    44,
    "FALLOCATE",
    { gfid, fd: i64, flags: u32, offset: size64, size: size64, xdata },
    r2,
  ),
  discard: procedure(45, "DISCARD", { gfid, fd: i64, offset: size64, size: size64, xdata }, r2),
  zerofill: procedure(46, "ZEROFILL", { gfid, fd: i64, offset: size64, size: size64, xdata }, r2),
  seek: procedure(48, "SEEK", { gfid, fd: i64, offset: size64, what: i32, xdata }, { ...r0, offset: size64 }),
  /** Not implemented by stock bricks, which answer that there is no such procedure. */
  put: {
    number: 55,
    name: "PUT",
    request: payloadStruct({
      pargfid: gfid,
      bname: name,
      mode: u32,
      umask: u32,
      flag: u32,
      offset: size64,
      size: u32,
      xattr: dict,
      xdata,
      payload,
    }),
    reply: struct(r3),
  },
  /** In the reply `stat` is the source, `preparent` and `postparent` the destination before and after. */
  copyFileRange: procedure(
    56,
    "COPY_FILE_RANGE",
    {
      gfid1: gfid,
      gfid2: gfid,
      fdIn: i64,
      fdOut: i64,
      offIn: size64,
      offOut: size64,
      size: u32,
      flag: u32,
      xdata,
    },
    r3,
  ),
} as const;
