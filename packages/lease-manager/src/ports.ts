/** Time as the driver needs it; `ManualScheduler` of the testkit fits by shape. */
export interface Scheduler {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs `run` once at `atMs` or after it; returns its cancel. */
  at(atMs: number, run: () => void): () => void;
}
