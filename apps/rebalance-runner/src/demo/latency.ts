import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Latency of operations over a phase, in ms. */
export interface LatencySummary {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Collects latencies of one phase in bounded memory, to three digits. */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: 3_600_000_000,
    figures: 3,
  });

  /** Adds operations by their latency in microseconds. */
  record(latenciesUs: readonly number[]): void {
    for (const latencyUs of latenciesUs) this.#histogram.record(Math.max(1, Math.round(latencyUs)));
  }

  summary(): LatencySummary {
    const count = this.#histogram.count;
    if (count === 0) return { operations: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
    return {
      operations: count,
      p50Ms: this.#histogram.percentile(50) / 1_000,
      p99Ms: this.#histogram.percentile(99) / 1_000,
      maxMs: this.#histogram.max / 1_000,
    };
  }
}
