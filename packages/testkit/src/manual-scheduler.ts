interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
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
  #armed = 0;
  #runsAtInstant = 0;
  /** A heap: no entry is due before its parent at half its index. What was cancelled leaves it when it comes up. */
  readonly #heap: Entry[] = [];

  /** Monotonic milliseconds since the scheduler was made. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `run` when the clock reaches `atMs`; returns its cancel. */
  at(atMs: number, run: () => void): () => void {
    const entry: Entry = { atMs, order: this.#order++, run, isCancelled: false };
    this.#armed += 1;
    this.#push(entry);
    return () => {
      if (entry.isCancelled) return;
      entry.isCancelled = true;
      this.#armed -= 1;
    };
  }

  /** The same clock for one who waits with it: the first timer fires `earlyMs` too early, as those of a platform may. */
  firstEarly(earlyMs: number): Pick<ManualScheduler, "nowMs" | "at"> {
    let tooEarlyMs = earlyMs;
    return {
      nowMs: () => this.nowMs(),
      at: (atMs, run) => {
        const cancel = this.at(atMs - tooEarlyMs, run);
        tooEarlyMs = 0;
        return cancel;
      },
    };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#armed;
  }

  /** The instant of the next timer, in ms; `undefined` when none is armed. */
  get nextMs(): number | undefined {
    return this.#first()?.atMs;
  }

  /**
   * Moves the clock by `ms` and runs what falls due, in order of time, then of arming.
   * @throws Error when timers that are due go on arming others that are due, for then time never passes.
   */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let due = this.#first(); due !== undefined && due.atMs <= untilMs; due = this.#first()) {
      this.runNext();
    }
    this.#nowMs = untilMs;
    this.#runsAtInstant = 0;
  }

  /**
   * Moves the clock to the next timer and runs that one alone, so that what it leads to in promises can come first.
   * @returns whether there was one.
   * @throws Error as {@link advance} does.
   */
  runNext(): boolean {
    const entry = this.#first();
    if (entry === undefined) return false;
    this.#pop();
    entry.isCancelled = true;
    this.#armed -= 1;
    this.#runsAtInstant = entry.atMs > this.#nowMs ? 0 : this.#runsAtInstant + 1;
    if (this.#runsAtInstant > RUNS_PER_INSTANT_MAX) {
      throw new Error(`timers arm each other for ever at ${this.#nowMs} ms`);
    }
    this.#nowMs = Math.max(this.#nowMs, entry.atMs);
    entry.run();
    return true;
  }

  #first(): Entry | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below += 1;
      const child = heap[below] as Entry;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
