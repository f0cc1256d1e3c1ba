import { setTimeout as sleep } from "node:timers/promises";

/** What befalls records in one direction of a relay: they are slow, or do not pass. */
export class Passage {
  #delayMs = 0;
  #blocked: Promise<void> | undefined;
  #unblock: () => void = () => {};

  /** Every record takes `ms` more from now on; 0 for none. */
  slow(ms: number): void {
    this.#delayMs = ms;
  }

  /** Nothing passes from now on, and nobody is told. */
  block(): void {
    this.#blocked ??= new Promise((resolve) => {
      this.#unblock = resolve;
    });
  }

  /** What was held up goes on. */
  unblock(): void {
    this.#unblock();
    this.#blocked = undefined;
  }

  /** Resolves when a record may go on; `undefined` when it may at once. */
  wait(): Promise<void> | undefined {
    return this.#delayMs === 0 && this.#blocked === undefined ? undefined : this.#wait();
  }

  async #wait(): Promise<void> {
    if (this.#delayMs > 0) await sleep(this.#delayMs);
    await this.#blocked;
  }
}
