/** Lets so many tasks run at a time; whoever comes beyond waits, in order. */
export class Slots {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  readonly #draining: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Resolves when a slot is the caller's; one caller at a time keeps the queue bounded. */
  take(): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#taken -= 1;
    if (this.#taken === 0) for (const drained of this.#draining.splice(0)) drained();
  }

  /** Resolves when every slot is free, and takes none: what is counted as taken are tasks. */
  drain(): Promise<void> {
    if (this.#taken === 0) return Promise.resolve();
    return new Promise((resolve) => this.#draining.push(resolve));
  }
}
