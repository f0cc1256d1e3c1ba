import { type Codec, type CodecValue, struct } from "./codec.js";
import { type Dict, dict } from "./dict.js";
import { WireError } from "./errors.js";
import { type Iatt, iatt, NO_IATT } from "./iatt.js";
import { nameByteLength } from "./names.js";
import { boundedOpaque, leaseId, name, u32, u64 } from "./primitives.js";

/** Most bytes of a lock owner in a flock. */
export const LK_OWNER_BYTES_MAX = 1_024;

/**
 * A byte range and who locks it. `start` and `len` are bigint, as internal locks use offsets beyond 2^53;
 * `len` 0 reaches to the end of the file. Bricks take the owner from the call's auth, not from here.
 */
export const flock = struct({
  type: u32,
  whence: u32,
  start: u64,
  len: u64,
  pid: u32,
  lkOwner: boundedOpaque(LK_OWNER_BYTES_MAX),
});
/** See {@link flock}. */
export type Flock = CodecValue<typeof flock>;

/** What LEASE asks and answers: {@link LeaseCmd}, {@link LeaseType}; flags are always 0 so far. */
export const lease = struct({ cmd: u32, leaseType: u32, leaseId, leaseFlags: u32 });
/** See {@link lease}. */
export type Lease = CodecValue<typeof lease>;

/** Room of the backing filesystem, blocks in units of `frsize` bytes. All bigint: filesystems report 2^64 − 1. */
export const statfs = struct({
  bsize: u64,
  frsize: u64,
  blocks: u64,
  bfree: u64,
  bavail: u64,
  files: u64,
  ffree: u64,
  favail: u64,
  fsid: u64,
  flag: u64,
  namemax: u64,
});
/** See {@link statfs}. */
export type Statfs = CodecValue<typeof statfs>;

/** One name of a directory. */
export interface Dirent {
  /** Inode number on the backing filesystem. */
  readonly ino: bigint;
  /** Cookie: as the `offset` of the next READDIR it goes on after this entry. */
  readonly offset: bigint;
  /** Linux `DT_*`: 4 directory, 8 regular file, 10 symbolic link. */
  readonly type: number;
  readonly name: string;
}

/** One name of a directory with its attributes, and the xattrs that were asked for. */
export interface Direntp extends Dirent {
  readonly stat: Iatt;
  readonly dict: Dict | null;
}

/**
 * See {@link Dirent}. The length that travels beside the name is made and checked here.
 * @throws {@link WireError} `WIRE_LENGTH` when a name's two lengths differ.
 */
export const dirent: Codec<Dirent> = {
  read(reader) {
    const [ino, offset, length, type] = [reader.u64(), reader.u64(), reader.u32(), reader.u32()];
    const text = reader.name();
    if (nameByteLength(text) !== length) {
      throw new WireError("WIRE_LENGTH", "a name has not the length its entry says");
    }
    return { ino, offset, type, name: text };
  },
  write(writer, value) {
    writer.u64(value.ino);
    writer.u64(value.offset);
    writer.u32(nameByteLength(value.name));
    writer.u32(value.type);
    writer.name(value.name);
  },
  zero: { ino: 0n, offset: 0n, type: 0, name: "" },
};

/** See {@link Direntp}. @throws {@link WireError} as {@link dirent}. */
export const direntp: Codec<Direntp> = {
  read(reader) {
    const { ino, offset, type, name: text } = dirent.read(reader);
    return { ino, offset, type, name: text, stat: iatt.read(reader), dict: dict.read(reader) };
  },
  write(writer, value) {
    dirent.write(writer, value);
    iatt.write(writer, value.stat);
    dict.write(writer, value.dict);
  },
  zero: { ...dirent.zero, stat: NO_IATT, dict: null },
};

/** A POSIX lock with the client that holds it, as lock migration moves it. */
export const activeLock = struct({ flock, clientUid: name, lkFlags: u32 });
/** See {@link activeLock}. */
export type ActiveLock = CodecValue<typeof activeLock>;
