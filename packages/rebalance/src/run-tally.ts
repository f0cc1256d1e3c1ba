import type { CopyReport } from "@brickshift/transaction";
import type { Outcome } from "./outcome.js";

/** What is counted while a run goes on, and kept in the journal. */
export interface RunCounts {
  /** Objects with an outcome, by its type. */
  readonly moved: number;
  readonly alreadyMoved: number;
  readonly vanished: number;
  readonly skipped: number;
  readonly failed: number;
  /** Outcomes by reason: codes of failures, reasons of skips. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Sizes of the files moved. */
  readonly movedBytes: number;
  /** Bytes that the destination acknowledged, those copied again included. */
  readonly writtenBytes: number;
  readonly directories: number;
  /** Files whose flip an earlier run had left half done, and this one ended. */
  readonly recovered: number;
  /** Leases granted by the source. */
  readonly leases: number;
  readonly recalls: number;
  readonly transactions: number;
  readonly replays: number;
  readonly passes: number;
}

type Counts = { -readonly [Key in keyof Omit<RunCounts, "reasons" | "leases">]: number };

/** Adds up {@link RunCounts}. */
export class RunTally {
  readonly #reasons = new Map<string, number>();
  readonly #counts: Counts = {
    moved: 0,
    alreadyMoved: 0,
    vanished: 0,
    skipped: 0,
    failed: 0,
    movedBytes: 0,
    writtenBytes: 0,
    directories: 0,
    recovered: 0,
    recalls: 0,
    transactions: 0,
    replays: 0,
    passes: 0,
  };

  outcome(outcome: Outcome): void {
    switch (outcome.type) {
      case "moved":
        this.#counts.moved += 1;
        this.#counts.movedBytes += outcome.bytes;
        return;
      case "already-moved":
        this.#counts.alreadyMoved += 1;
        return;
      case "vanished":
        this.#counts.vanished += 1;
        return;
      case "skipped":
        this.#counts.skipped += 1;
        return this.#because(outcome.reason);
      case "failed":
        this.#counts.failed += 1;
        return this.#because(outcome.code);
    }
  }

  directory(): void {
    this.#counts.directories += 1;
  }

  recovered(): void {
    this.#counts.recovered += 1;
  }

  written(bytes: number): void {
    this.#counts.writtenBytes += bytes;
  }

  copied(report: CopyReport): void {
    const counts = this.#counts;
    counts.recalls += report.recalls;
    counts.transactions += report.transactions;
    counts.replays += report.replays;
    counts.passes += report.passes;
  }

  snapshot(leases: number): RunCounts {
    return { ...this.#counts, leases, reasons: Object.fromEntries(this.#reasons) };
  }

  #because(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }
}
