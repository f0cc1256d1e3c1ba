/** `lease.cmd`. */
export const LeaseCmd = { get: 1, set: 2, unlock: 3 } as const;
/** `lease.leaseType`; in an answer to GET, a mask of the types held on the inode. */
export const LeaseType = { none: 0, read: 1, readWrite: 2 } as const;

/** `type` of LK, INODELK and FINODELK, and of their flock. */
export const LockType = { read: 0, write: 1, unlock: 2 } as const;
/** `cmd` of LK; INODELK and FINODELK use the first three. */
export const LkCmd = {
  getlk: 0,
  setlk: 1,
  setlkw: 2,
  reslkLock: 3,
  reslkLockWait: 4,
  reslkUnlock: 5,
  getlkFd: 6,
} as const;
/** `cmd` of ENTRYLK and FENTRYLK; `lock` waits. */
export const EntrylkCmd = { lock: 0, unlock: 1, lockNonBlocking: 2 } as const;

/** Flags of OPEN, CREATE and PUT: the Linux x86 values, whatever the host. */
export const OpenFlags = {
  rdonly: 0,
  wronly: 1,
  rdwr: 2,
  accessMask: 3,
  creat: 0x40,
  excl: 0x80,
  noctty: 0x100,
  trunc: 0x200,
  append: 0x400,
  nonblock: 0x800,
  sync: 0x1000,
  async: 0x2000,
  direct: 0x4000,
  largefile: 0x8000,
  directory: 0x10000,
  nofollow: 0x20000,
  noatime: 0x40000,
  cloexec: 0x80000,
} as const;

/** `valid` of SETATTR and FSETATTR; −1 stands for all. */
export const SetattrValid = {
  mode: 0x1,
  uid: 0x2,
  gid: 0x4,
  size: 0x8,
  atime: 0x10,
  mtime: 0x20,
  ctime: 0x40,
  atimeNow: 0x80,
  mtimeNow: 0x100,
} as const;

/** `what` of SEEK. */
export const SeekWhat = { data: 0, hole: 1 } as const;
/** `flags` of SETXATTR. */
export const XattrFlags = { any: 0, create: 1, replace: 2 } as const;
/** `flags` of XATTROP. */
export const XattropOp = {
  addArray32: 0,
  addArray64: 1,
  or: 2,
  and: 3,
  getAndSet: 4,
  addArray32WithDefault: 5,
  addArray64WithDefault: 6,
} as const;

/** Type bits of a mode, Linux numbers. */
export const FileType = {
  mask: 0o170000,
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;

/** The permission bits of a link file: sticky and nothing else. */
export const LINK_FILE_PERMISSIONS = 0o1000;

/**
 * The domain of INODELK in which a file is locked while it is moved, or while a client changes its names.
 * Source: measured; a rename by the distribute translator of 10.3 holds it from before to after its fops.
 */
export const MIGRATION_LOCK_DOMAIN = "dht.file.migrate";

/** `type` of a directory entry, Linux `DT_*`. */
export const DirentType = {
  unknown: 0,
  fifo: 1,
  character: 2,
  directory: 4,
  block: 6,
  regular: 8,
  symlink: 10,
  socket: 12,
} as const;

/** File descriptor of a fop that is to work on the gfid, without an open. */
export const ANONYMOUS_FD = -2n;
/** No file descriptor. */
export const NO_FD = -1n;

/** `flags` of CACHE_INVALIDATION. */
export const InvalidationFlags = {
  nlink: 0x1,
  mode: 0x2,
  owner: 0x4,
  size: 0x8,
  times: 0x10,
  atime: 0x20,
  permissions: 0x40,
  rename: 0x80,
  forget: 0x100,
  parentTimes: 0x200,
  xattr: 0x400,
  xattrRemoved: 0x800,
  explicitLookup: 0x1000,
  attributesAndXattrs: 0x2000,
} as const;
