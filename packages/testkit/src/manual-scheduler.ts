interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Timers run at one instant after which the clock is taken for stuck. */
const RUNS_PER_INSTANT_MAX = 100_000;

/**
 * A clock that stands still until a test moves it. Fits the `Scheduler` port of every core's driver
 * by shape: `nowMs()` in monotonic milliseconds, `at(ms, run)` returning its cancel.
 */
export class ManualScheduler {
  #nowMs = 0;
  #order = 0;
  #entries: Entry[] = [];

  /** Monotonic milliseconds since the scheduler was made. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `run` when the clock reaches `atMs`; returns its cancel. */
  at(atMs: number, run: () => void): () => void {
    const entry: Entry = { atMs, order: this.#order++, run };
    this.#entries.push(entry);
    return () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#entries.length;
  }

  /** The instant of the next timer, in ms; `undefined` when none is armed. */
  get nextMs(): number | undefined {
    return this.#next()?.atMs;
  }

  /**
   * Moves the clock by `ms` and runs what falls due, in order of time, then of arming.
   * @throws Error when timers that are due go on arming others that are due, for then time never passes.
   */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    let runs = 0;
    for (let due = this.#next(); due !== undefined && due.atMs <= untilMs; due = this.#next()) {
      const entry = due;
      this.#entries = this.#entries.filter((other) => other !== entry);
      runs = entry.atMs > this.#nowMs ? 0 : runs + 1;
      if (runs > RUNS_PER_INSTANT_MAX) throw new Error(`timers arm each other for ever at ${this.#nowMs} ms`);
      this.#nowMs = Math.max(this.#nowMs, entry.atMs);
      entry.run();
    }
    this.#nowMs = untilMs;
  }

  #next(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (
        first === undefined ||
        entry.atMs < first.atMs ||
        (entry.atMs === first.atMs && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}
