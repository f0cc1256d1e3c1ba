/** Time, as the drivers need it; `nodeScheduler` is the real one. */
export interface Scheduler {
  /** Monotonic milliseconds; only differences mean something. */
  nowMs(): number;
  /** Runs `run` once when the clock has reached `atMs`, never before this call returns. Returns its cancel. */
  at(atMs: number, run: () => void): () => void;
}

/** Chance, as the drivers need it: it spreads reconnects. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
