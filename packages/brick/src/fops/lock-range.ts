import { type Flock, LockType } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { type ByteRange, END_OF_ANY_FILE } from "../locks/byte-range.js";

const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;

/**
 * The bytes that a flock names; a length of 0 goes on for ever. An fd of ours has no position, so that one
 * relative to it counts from 0.
 * @throws {@link BrickError} `BRICK_ARGUMENT`.
 */
export function rangeOf(flock: Flock, sizeBytes: number): ByteRange {
  const startBytes = baseOf(flock.whence, sizeBytes) + flock.start;
  const endBytes = flock.len === 0n ? END_OF_ANY_FILE : startBytes + flock.len;
  if (endBytes > END_OF_ANY_FILE) throw new BrickError("BRICK_ARGUMENT", "the range is beyond any file");
  return { startBytes, endBytes };
}

/** Start and length of a range as a flock has them. */
export function flockRange({ startBytes, endBytes }: ByteRange): Pick<Flock, "start" | "len"> {
  return { start: startBytes, len: endBytes === END_OF_ANY_FILE ? 0n : endBytes - startBytes };
}

/** @throws {@link BrickError} `BRICK_ARGUMENT` for a type that there is not. */
export function kindOf(type: number): "read" | "write" | "unlock" {
  switch (type) {
    case LockType.read:
      return "read";
    case LockType.write:
      return "write";
    case LockType.unlock:
      return "unlock";
    default:
      throw new BrickError("BRICK_ARGUMENT", `there is no lock type ${type}`);
  }
}

function baseOf(whence: number, sizeBytes: number): bigint {
  switch (whence) {
    case SEEK_SET:
    case SEEK_CUR:
      return 0n;
    case SEEK_END:
      return BigInt(sizeBytes);
    default:
      throw new BrickError("BRICK_ARGUMENT", `there is no whence ${whence}`);
  }
}
