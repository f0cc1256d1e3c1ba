import {
  type CallHeader,
  type FopReply,
  type FopRequest,
  type Gfid,
  type GlusterV3Auth,
  IATT_FLAGS_ALL,
  type Iatt,
  intValue,
  type LeaseId,
  LeaseCmd,
  LeaseType,
  lkOwnerOfPid,
  NULL_GFID,
  programs,
  type ReplyHeader,
  uintValue,
} from "../src/index.js";

const gfid = "46da5f7a-2d60-4b5b-88d1-98375e7e3208" as Gfid;
const auth: GlusterV3Auth = {
  flavor: "glusterV3",
  pid: 1_732,
  uid: 1_000,
  gid: 1_000,
  flags: 3,
  ctimeNsec: 579_401_259,
  ctimeSec: 1_795_328_605n,
  groups: [1_000, 27],
  lkOwner: lkOwnerOfPid(1_732),
};
const stat: Iatt = {
  gfid,
  flags: IATT_FLAGS_ALL,
  ino: 0x88d1_9837_5e7e_3208n,
  dev: 65_024n,
  rdev: 0n,
  size: 1 << 30,
  blocks: 1 << 21,
  attributes: 0n,
  attributesMask: 0n,
  atime: 1_795_328_605,
  mtime: 1_795_328_605,
  ctime: 1_795_328_605,
  btime: 0,
  atimeNsec: 579_401_259,
  mtimeNsec: 576_093_800,
  ctimeNsec: 576_093_800,
  btimeNsec: 0,
  nlink: 1,
  uid: 1_000,
  gid: 1_000,
  blksize: 4_096,
  mode: 0o100644,
};

/** A call header as every fop of a client has it. */
export const callHeader = (procedure: number): CallHeader => ({
  xid: 4_711,
  program: programs.fop.number,
  version: programs.fop.version,
  procedure,
  auth,
});

/** The header of a reply that succeeded. */
export const replyHeader: ReplyHeader = { xid: 4_711, status: "accepted", acceptStat: 0 };

/** 128 KiB, the most that a FUSE client moves by default. */
export const payload: Uint8Array = new Uint8Array(131_072).fill(0x5a);

export const readRequest: FopRequest<"read"> = {
  gfid,
  fd: 7n,
  offset: 1 << 29,
  size: payload.length,
  flag: 0x8000,
  xdata: null,
};

export const readReply: FopReply<"read"> = {
  opRet: payload.length,
  opErrno: 0,
  stat,
  size: payload.length,
  xdata: null,
  payload,
};

export const writeRequest: FopRequest<"write"> = {
  gfid,
  fd: 7n,
  offset: 1 << 29,
  size: payload.length,
  flag: 0x8001,
  xdata: null,
  payload,
};

export const lookupRequest: FopRequest<"lookup"> = {
  gfid: NULL_GFID,
  pargfid: gfid,
  flags: 0,
  bname: "journal-2026-11.log",
  xdata: new Map([
    ["glusterfs.content", uintValue(65_536)],
    ["trusted.glusterfs.dht.linkto", uintValue(256)],
    ["list-xattr", intValue(1)],
  ]),
};

export const lookupReply: FopReply<"lookup"> = {
  opRet: 0,
  opErrno: 0,
  xdata: new Map([["glusterfs.open-fd-count", uintValue(1)]]),
  prestat: stat,
  poststat: stat,
};

const lease = {
  cmd: LeaseCmd.set,
  leaseType: LeaseType.readWrite,
  leaseId: "4c4541534549442d3030303030303100" as LeaseId,
  leaseFlags: 0,
};

export const leaseRequest: FopRequest<"lease"> = { gfid, lease, xdata: null };

export const leaseReply: FopReply<"lease"> = { opRet: 0, opErrno: 0, xdata: null, lease };
