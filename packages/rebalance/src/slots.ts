/** Lets so many tasks run at a time; whoever comes beyond waits, in order. */
export class Slots {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
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
    if (next === undefined) this.#taken -= 1;
    else next();
  }

  /** Resolves when every slot is free. */
  async drain(): Promise<void> {
    for (let slot = 0; slot < this.#max; slot += 1) await this.take();
    for (let slot = 0; slot < this.#max; slot += 1) this.release();
  }
}
