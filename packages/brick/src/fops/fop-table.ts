import type { FopName } from "@brickshift/wire";
import { access } from "./access.js";
import { discard, fallocate, zerofill } from "./allocate.js";
import { rchecksum } from "./checksum.js";
import { copyFileRange } from "./copy-file-range.js";
import { create } from "./create.js";
import type { FopSpec } from "./fop-spec.js";
import { fgetxattr, getxattr } from "./get-xattr.js";
import { entrylk, fentrylk, finodelk, inodelk } from "./internal-lock.js";
import { icreate, namelink } from "./nameless.js";
import { ipc } from "./ipc.js";
import { lease } from "./lease.js";
import { link } from "./link.js";
import { lookup } from "./lookup.js";
import { mkdir, mknod, symlink } from "./make-entry.js";
import { open, opendir } from "./open.js";
import { getactivelk, lk } from "./posix-lock.js";
import { put } from "./put.js";
import { read } from "./read.js";
import { readdir, readdirp } from "./readdir.js";
import { readlink } from "./readlink.js";
import { release, releasedir } from "./release.js";
import { rename } from "./rename.js";
import { seek } from "./seek.js";
import { fremovexattr, fsetxattr, removexattr, setxattr } from "./set-xattr.js";
import { setactivelk } from "./set-active-locks.js";
import { fsetattr, setattr } from "./setattr.js";
import { fstat, stat } from "./stat.js";
import { statfs } from "./statfs.js";
import { flush, fsync, fsyncdir } from "./sync.js";
import { ftruncate, truncate } from "./truncate.js";
import { rmdir, unlink } from "./unlink.js";
import { write } from "./write.js";
import { fxattrop, xattrop } from "./xattrop.js";

/** How each fop is served. */
export type FopTable = { readonly [N in FopName]: FopSpec<N> };

/** The fops of this brick. */
export const fopTable: FopTable = {
  access,
  copyFileRange,
  create,
  discard,
  entrylk,
  fallocate,
  fentrylk,
  fgetxattr,
  finodelk,
  flush,
  fremovexattr,
  fsetattr,
  fsetxattr,
  fstat,
  fsync,
  fsyncdir,
  ftruncate,
  fxattrop,
  getactivelk,
  getxattr,
  icreate,
  inodelk,
  ipc,
  lease,
  link,
  lk,
  lookup,
  mkdir,
  mknod,
  namelink,
  open,
  opendir,
  put,
  rchecksum,
  read,
  readdir,
  readdirp,
  readlink,
  release,
  releasedir,
  removexattr,
  rename,
  rmdir,
  seek,
  setactivelk,
  setattr,
  setxattr,
  stat,
  statfs,
  symlink,
  truncate,
  unlink,
  write,
  xattrop,
  zerofill,
};
