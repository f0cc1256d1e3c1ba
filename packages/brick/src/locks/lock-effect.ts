/** Number by which the caller knows a lock request that may have to wait; unique on one brick. */
export type LockRequestId = number;

/** What a step of the locks asks of the caller, in order. */
export type LockEffect =
  /** The request holds its lock now: answer it with success. */
  | { readonly type: "granted"; readonly request: LockRequestId }
  /** The request waited, and its lock would pass a bound: answer it with `LOCK_LIMIT`. */
  | { readonly type: "refused"; readonly request: LockRequestId }
  /** The client that waited is gone: forget the request, there is nobody to answer. */
  | { readonly type: "cancelled"; readonly request: LockRequestId };

/** Nothing to do; shared, so that the common step allocates nothing. */
export const NO_LOCK_EFFECTS: readonly LockEffect[] = [];
