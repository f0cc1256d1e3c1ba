import type { Epoch, LeaseId } from "@brickshift/wire";
import type { Extent } from "./extents.js";

/** `shared`: others may read meanwhile. `exclusive`: everybody else waits. */
export type LeaseMode = "shared" | "exclusive";

/** What a lease is asked for. */
export interface AcquireRequest {
  readonly mode: LeaseMode;
  /** Asks for the extents whose last modification bears this epoch as its mark, or a later one. */
  readonly dirtySince?: Epoch;
}

/** A lease that is held, or was. Reads name it, and writes to the destination bear its epoch as their fence. */
export interface Lease {
  /** Fresh for each grant, and never used again. */
  readonly leaseId: LeaseId;
  /** Greater than that of every earlier grant of the source. */
  readonly epoch: Epoch;
}

/** A lease as it was granted. */
export interface Grant extends Lease {
  /**
   * Every extent modified since `dirtySince`, as of the grant; `unknown` when the source cannot say.
   * `undefined` is taken as `unknown` when it was asked for.
   */
  readonly dirty: readonly Extent[] | "unknown" | undefined;
  /**
   * Size of the file as of the grant. To be given with `dirty` by a source that leaves out what was modified
   * beyond the end of the file: what the destination has there is made zero then.
   */
  readonly sizeBytes?: number;
}

/** What a read brought. It is valid until `release()` is called, which happens exactly once. */
export type ReadResult = ReadBytes | ReadHole;

interface ReadCommon {
  /** True when the file ends with what was read, or before it. */
  readonly eof: boolean;
  /** Size of the file at the time of the read, if the source knows it: lets a first pass know its end. */
  readonly sizeBytes?: number;
  /** Gives the memory back to the source. */
  release(): void;
}

/** Bytes, fewer than asked for only at the end of the file or where the source likes shorter answers. */
export interface ReadBytes extends ReadCommon {
  readonly type: "bytes";
  /** Owned by the source; not changed before `release()`. */
  readonly bytes: Uint8Array;
}

/** Zeros. May reach further than was asked for, so that a large hole takes one answer. */
export interface ReadHole extends ReadCommon {
  readonly type: "hole";
  readonly lengthBytes: number;
}

/** A recall as the source tells it. */
export interface Recall {
  /** Time left until the source revokes the lease, in ms; absent when it waits for ever, or does not say. */
  readonly revokedInMs?: number;
}

/**
 * The file as it is, with leases.
 *
 * Every promise settles in bounded time. Rejections are told apart by their `code` (see `classify`):
 * `LEASE_REVOKED`: the lease is not held any more. `TRANSACTION_OUTCOME_UNKNOWN`: no answer, or the
 * connection went. `LEASE_HELD`, `LEASE_LIMIT`, `LEASE_BACKLOG_FULL`, `LEASE_WOULD_BLOCK`: not now. Each of
 * these fails the transaction and is tried again; everything else ends the copy.
 */
export interface Source {
  /**
   * Takes a lease on the whole file. The grant means that no modification is under way and that none is
   * admitted until the lease ends. An implementation that rejects, or whose `signal` aborts, must itself
   * give back a lease that turns out to have been granted.
   */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Grant>;

  /**
   * Reads up to `length` bytes at `offset`. Must reject with `LEASE_REVOKED` unless `lease` was held when
   * the read was carried out: a read that succeeds proves that. Once `signal` aborts the answer is not wanted.
   */
  read(offset: number, length: number, lease: Lease, signal: AbortSignal): Promise<ReadResult>;

  /**
   * Gives `lease` back. Must reject unless the lease was held up to this moment: the success of an unlock
   * is what makes everything read and written under it count.
   */
  unlock(lease: Lease): Promise<void>;

  /** Calls `listener` when the source asks the lease back; returns the end of the subscription. */
  onRecall(listener: (recall: Recall) => void): () => void;

  /** Calls `listener` when the lease `leaseId` is known to be lost, with the reason in words. */
  onLeaseLost(listener: (leaseId: LeaseId, reason: string) => void): () => void;
}

/**
 * The file as it shall be: empty when the first copy begins, and written by the copy only.
 *
 * Every promise settles in bounded time: resolved when carried out; rejected with `LEASE_FENCED` when a
 * higher fence is known, which ends the copy; with `TRANSACTION_OUTCOME_UNKNOWN` when it may be carried out
 * later, or have been; with anything else when it was not carried out, which ends the copy.
 */
export interface Destination {
  /**
   * Makes `fence` the highest that the destination knows for this file; on the first call, makes the file.
   * Every write with a lower fence is refused from then on, however long it was under way.
   */
  establish(fence: Epoch): Promise<void>;

  /** Writes `bytes`, which must stay unchanged until the promise settles, at `offset`. */
  write(offset: number, bytes: Uint8Array, fence: Epoch): Promise<void>;

  /** Makes `length` bytes at `offset` read as zeros. The size of the file may or may not grow. */
  zero(offset: number, length: number, fence: Epoch): Promise<void>;
}

/** Monotonic time and timers. */
export interface Scheduler {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs `run` at `atMs`; returns its cancel. */
  at(atMs: number, run: () => void): () => void;
}

/** Chance, for the jitter of back-off. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
