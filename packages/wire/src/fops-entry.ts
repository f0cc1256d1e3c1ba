import { linkedList } from "./codec.js";
import { dict } from "./dict.js";
import { r0, r1, r2, r3, rfd } from "./fop-shapes.js";
import { iatt } from "./iatt.js";
import { gfid, i32, i64, name, u32, u64 } from "./primitives.js";
import { procedure } from "./procedure.js";
import { dirent, direntp } from "./structs.js";

const xdata = dict;
/** A READDIR cookie takes all 64 bits, unlike the offset of a READ. */
const readdirRequest = { gfid, fd: i64, offset: u64, size: u32, xdata } as const;

/** Fops on names and directories. */
export const entryFops = {
  mknod: procedure(3, "MKNOD", { pargfid: gfid, dev: u64, mode: u32, umask: u32, bname: name, xdata }, r3),
  mkdir: procedure(4, "MKDIR", { pargfid: gfid, mode: u32, umask: u32, bname: name, xdata }, r3),
  unlink: procedure(5, "UNLINK", { pargfid: gfid, bname: name, xflags: u32, xdata }, r2),
  /** The flags stand before the name, unlike UNLINK's. */
  rmdir: procedure(6, "RMDIR", { pargfid: gfid, xflags: i32, bname: name, xdata }, r2),
  symlink: procedure(7, "SYMLINK", { pargfid: gfid, bname: name, umask: u32, linkname: name, xdata }, r3),
  /** Both gfids are those of parents. */
  rename: procedure(
    8,
    "RENAME",
    { oldgfid: gfid, newgfid: gfid, oldbname: name, newbname: name, xdata },
    {
      ...r0,
      stat: iatt,
      preoldparent: iatt,
      postoldparent: iatt,
      prenewparent: iatt,
      postnewparent: iatt,
    },
  ),
  /** `oldgfid` is the object, `newgfid` the new parent. */
  link: procedure(9, "LINK", { oldgfid: gfid, newgfid: gfid, newbname: name, xdata }, r3),
  opendir: procedure(20, "OPENDIR", { gfid, xdata }, rfd),
  fsyncdir: procedure(21, "FSYNCDIR", { gfid, fd: i64, data: i32, xdata }, r0),
  /** `prestat` is the object, `poststat` its parent afterwards. */
  lookup: procedure(27, "LOOKUP", { gfid, pargfid: gfid, flags: u32, bname: name, xdata }, r2),
  readdir: procedure(28, "READDIR", readdirRequest, { ...r0, entries: linkedList(dirent) }),
  readdirp: procedure(40, "READDIRP", readdirRequest, { ...r0, entries: linkedList(direntp) }),
  releasedir: procedure(42, "RELEASEDIR", { gfid, fd: i64, xdata }, r0),
  /** Never sent by stock clients; the reply was captured as a failure only. */
  icreate: procedure(53, "ICREATE", { gfid, mode: u32, xdata }, r1),
  /** Never sent by stock clients, and crashes a stock brick: from its definition. */
  namelink: procedure(54, "NAMELINK", { pargfid: gfid, bname: name, xdata }, r2),
} as const;
