import { dict } from "./dict.js";
import { r0, r1, r2, rdict } from "./fop-shapes.js";
import { iatt } from "./iatt.js";
import { gfid, i32, i64, name, u32 } from "./primitives.js";
import { procedure } from "./procedure.js";
import { statfs } from "./structs.js";

const xdata = dict;

/** Fops on attributes and extended attributes. */
export const inodeFops = {
  stat: procedure(1, "STAT", { gfid, xdata }, r1),
  readlink: procedure(2, "READLINK", { gfid, size: u32, xdata }, { ...r0, buf: iatt, path: name }),
  statfs: procedure(14, "STATFS", { gfid, xdata }, { ...r0, statfs }),
  setxattr: procedure(17, "SETXATTR", { gfid, flags: u32, dict, xdata }, r0),
  /** An empty `name` asks for all. */
  getxattr: procedure(18, "GETXATTR", { gfid, namelen: u32, name, xdata }, rdict),
  removexattr: procedure(19, "REMOVEXATTR", { gfid, name, xdata }, r0),
  access: procedure(22, "ACCESS", { gfid, mask: u32, xdata }, r0),
  fstat: procedure(25, "FSTAT", { gfid, fd: i64, xdata }, r1),
  xattrop: procedure(33, "XATTROP", { gfid, flags: u32, dict, xdata }, rdict),
  fxattrop: procedure(34, "FXATTROP", { gfid, fd: i64, flags: u32, dict, xdata }, rdict),
  fgetxattr: procedure(35, "FGETXATTR", { gfid, fd: i64, namelen: u32, name, xdata }, rdict),
  fsetxattr: procedure(36, "FSETXATTR", { gfid, fd: i64, flags: u32, dict, xdata }, r0),
  /** `valid` says which members of `stbuf` count; −1 is all. */
  setattr: procedure(38, "SETATTR", { gfid, stbuf: iatt, valid: i32, xdata }, r2),
  fsetattr: procedure(39, "FSETATTR", { gfid, fd: i64, stbuf: iatt, valid: i32, xdata }, r2),
  fremovexattr: procedure(43, "FREMOVEXATTR", { gfid, fd: i64, name, xdata }, r0),
  ipc: procedure(47, "IPC", { op: i32, xdata }, r0),
} as const;
