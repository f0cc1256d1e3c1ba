import { type ByteRange, isSameRange, overlaps } from "./byte-range.js";
import type { InternalLockRules } from "./internal-locks.js";
import type { LockOwner } from "./lock-owner.js";

/** A lock of INODELK or FINODELK on a range of one inode, in one domain. */
export interface InodeLock extends LockOwner, ByteRange {
  readonly kind: "read" | "write";
}

/** Ranges that share a byte exclude each other when one writes; an unlock names the exact range. */
export const inodeLockRules: InternalLockRules<InodeLock> = {
  conflicts: (one, other) => (one.kind === "write" || other.kind === "write") && overlaps(one, other),
  matches: isSameRange,
};
