import type { TransactionError } from "@brickshift/wire";
import type { CopyProgress } from "./copy-progress.js";
import type { Grant } from "./ports.js";
import type { RegionReplays } from "./replay-ledger.js";

/** Everything countable about a copy. */
export interface CopyReport {
  /** Bytes that the destination acknowledged, those of failed transactions included. */
  readonly writtenBytes: number;
  /** Bytes that were made zero on the destination, because they had been written before. */
  readonly zeroedBytes: number;
  /** Bytes found to be zeros on the source and not sent. */
  readonly holeBytes: number;
  /** Bytes read and written under leases that then did not hold: copied in vain. */
  readonly wastedBytes: number;
  /** Reads that were answered. */
  readonly chunks: number;
  readonly leases: number;
  /** Leases asked back while they were held. */
  readonly recalls: number;
  /** Transactions that unlocked in good order. */
  readonly transactions: number;
  /** Transactions that failed, and were repeated or ended the copy. */
  readonly replays: number;
  /** Replays by region; the first `regionsMax` regions only. */
  readonly regions: readonly RegionReplays[];
  /** Passes begun: the first over the whole file, each later one over what had been modified. */
  readonly passes: number;
  /** Bytes that each pass had before it; the first is the size of the file, as far as it was learned. */
  readonly passBytes: readonly number[];
  /** Bytes that might be in flight when the copy ended. */
  readonly windowBytes: number;
  readonly durationMs: number;
  /** Time under leases, in all and the longest of one. */
  readonly leaseMs: number;
  readonly longestLeaseMs: number;
}

/**
 * Why a copy ended well. `complete`: nothing is left, as of the lease that is handed over. `little-left`:
 * at most `finalBytesMax` in `finalExtentsMax` pieces are left. `passes`: `passesMax` passes were made, or the last one left hardly less than there
 * was before it; more than `finalBytesMax` may be left.
 */
export type CopyEnd = "complete" | "little-left" | "passes";

export interface CopyDone {
  readonly ok: true;
  readonly end: CopyEnd;
  /** The exclusive lease, which the caller has from now on; present if and only if the mode was `exclusive`. */
  readonly lease?: Grant;
  readonly progress: CopyProgress;
  readonly report: CopyReport;
}

export interface CopyFailed {
  readonly ok: false;
  /**
   * `TRANSACTION_REPLAYS_EXCEEDED`, `TRANSACTION_PASSES_EXCEEDED` (busy), `TRANSACTION_FENCED` (somebody
   * else copies this file), `TRANSACTION_SOURCE_FAILED`, `TRANSACTION_DESTINATION_FAILED` (with the port's
   * error as `cause`), `TRANSACTION_CANCELLED`.
   */
  readonly error: TransactionError;
  readonly progress: CopyProgress;
  readonly report: CopyReport;
}

/** How a copy ended. No lease is held after a failure, unless the source could not be told. */
export type CopyResult = CopyDone | CopyFailed;
