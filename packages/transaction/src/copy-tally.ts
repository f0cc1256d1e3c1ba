import type { CopyReport } from "./copy-report.js";
import type { ReplayLedger } from "./replay-ledger.js";
import type { Transaction } from "./transaction.js";

type Counts = { -readonly [Key in keyof CopyReport]: CopyReport[Key] };

/** Adds up a {@link CopyReport} while a copy goes on. */
export class CopyTally {
  readonly #startedAtMs: number;
  readonly #passBytes: number[] = [];
  readonly #counts: Omit<
    Counts,
    "replays" | "regions" | "passes" | "passBytes" | "windowBytes" | "durationMs"
  > = {
    writtenBytes: 0,
    zeroedBytes: 0,
    holeBytes: 0,
    wastedBytes: 0,
    chunks: 0,
    leases: 0,
    recalls: 0,
    transactions: 0,
    leaseMs: 0,
    longestLeaseMs: 0,
  };

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
  }

  get passes(): number {
    return this.#passBytes.length;
  }

  /** Bytes that the last pass had before it. */
  get lastPassBytes(): number | undefined {
    return this.#passBytes.at(-1);
  }

  leased(): void {
    this.#counts.leases += 1;
  }

  recalled(): void {
    this.#counts.recalls += 1;
  }

  /** A pass began over `bytes`; bounded by the passes that there may be. */
  passBegan(bytes: number): void {
    this.#passBytes.push(bytes);
  }

  /** The size of the file became known: a pass over the whole file is that long. */
  sizeLearned(sizeBytes: number): void {
    const last = this.#passBytes.length - 1;
    const bytes = this.#passBytes[last];
    if (bytes !== undefined) this.#passBytes[last] = Math.min(bytes, sizeBytes);
  }

  /** A transaction is over, its lease given back, handed over or lost. */
  ended(transaction: Transaction, isCommitted: boolean, nowMs: number): void {
    const counts = this.#counts;
    counts.writtenBytes += transaction.writtenBytes;
    counts.zeroedBytes += transaction.zeroedBytes;
    counts.holeBytes += transaction.holeBytes;
    counts.chunks += transaction.answered;
    if (isCommitted) counts.transactions += 1;
    else counts.wastedBytes += transaction.writtenBytes;
    const heldMs = nowMs - transaction.startedAtMs;
    counts.leaseMs += heldMs;
    counts.longestLeaseMs = Math.max(counts.longestLeaseMs, heldMs);
  }

  report(ledger: ReplayLedger, windowBytes: number, nowMs: number): CopyReport {
    return {
      replays: ledger.total,
      regions: ledger.regions,
      passes: this.passes,
      passBytes: [...this.#passBytes],
      windowBytes,
      durationMs: nowMs - this.#startedAtMs,
      // Last: fields after a spread are added one by one, which takes twenty times as long.
      ...this.#counts,
    };
  }
}
