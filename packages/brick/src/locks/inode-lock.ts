import type { Flock } from "@brickshift/wire";
import { type ByteRange, isSameRange, overlaps } from "./byte-range.js";
import type { InternalLockRules } from "./internal-locks.js";
import type { LockOwner } from "./lock-owner.js";

/** A lock of INODELK or FINODELK on a range of one inode, in one domain. */
export interface InodeLock extends LockOwner, ByteRange {
  readonly kind: "read" | "write";
  /** As it was asked for, to tell the holder which lock others want; the pid is the caller's. */
  readonly asked?: { readonly flock: Flock; readonly pid: number };
}

/** Ranges that share a byte exclude each other when one writes; an unlock names the exact range. */
export const inodeLockRules: InternalLockRules<InodeLock> = {
  conflicts: (one, other) => (one.kind === "write" || other.kind === "write") && overlaps(one, other),
  matches: isSameRange,
};
