import type { InternalLockRules } from "./internal-locks.js";
import type { LockOwner } from "./lock-owner.js";

/** A lock of ENTRYLK or FENTRYLK on a name of one directory, or on the whole of it, in one domain. */
export interface EntryLock extends LockOwner {
  /** The name that is locked; `undefined` locks the whole directory. */
  readonly name: string | undefined;
  /** Read or write, as it was asked for. */
  readonly type: number;
}

/**
 * Equal names exclude each other, and the whole directory excludes every name. The type is
 * not considered, but an unlock has to name it.
 * Source: measured on 10.3 (`fop-entrylk`); glusterfs `xlators/features/locks/src/entrylk.c`.
 */
export const entryLockRules: InternalLockRules<EntryLock> = {
  conflicts: (one, other) => one.name === undefined || other.name === undefined || one.name === other.name,
  matches: (held, named) => held.name === named.name && held.type === named.type,
};
