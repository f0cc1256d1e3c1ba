import { type CodecValue, struct } from "./codec.js";
import { seconds64, u32 } from "./primitives.js";

/**
 * The times of an inode as the utime translator keeps them, 36 bytes; travels as a dictionary value of its own
 * kind. Seconds since 1970, nanoseconds.
 */
export const mdata = struct({
  atime: seconds64,
  mtime: seconds64,
  ctime: seconds64,
  atimeNsec: u32,
  mtimeNsec: u32,
  ctimeNsec: u32,
});

/** See {@link mdata}. */
export type Mdata = CodecValue<typeof mdata>;
