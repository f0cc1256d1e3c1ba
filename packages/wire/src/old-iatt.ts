import { type Codec, type CodecValue, struct } from "./codec.js";
import { WireError } from "./errors.js";
import { type Gfid, NULL_GFID } from "./ids.js";
import { gfid, size64, u32, u64 } from "./primitives.js";

/**
 * Attributes as callbacks carry them, 100 bytes: no birth time, seconds in 32 bits.
 * Source: measured, vectors `cbk-cache-invalidation`.
 */
export const oldIatt = struct({
  gfid,
  ino: u64,
  dev: u64,
  mode: u32,
  nlink: u32,
  uid: u32,
  gid: u32,
  rdev: u64,
  size: size64,
  blksize: u32,
  blocks: size64,
  atime: u32,
  atimeNsec: u32,
  mtime: u32,
  mtimeNsec: u32,
  ctime: u32,
  ctimeNsec: u32,
});
/** See {@link oldIatt}. */
export type OldIatt = CodecValue<typeof oldIatt>;

const gfidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A gfid in its 36-character text form, which only CACHE_INVALIDATION uses.
 * @throws {@link WireError} `WIRE_TEXT` for anything else.
 */
export const gfidText: Codec<Gfid> = {
  read(reader) {
    const text = reader.name();
    if (!gfidPattern.test(text)) throw new WireError("WIRE_TEXT", "the text is not a gfid");
    return text as Gfid;
  },
  write: (writer, value) => writer.name(value),
  zero: NULL_GFID,
};
