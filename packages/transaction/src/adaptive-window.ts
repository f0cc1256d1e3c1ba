import type { TransactionOptions } from "./options.js";

/**
 * How many chunks may be in flight: halves with each recall, down to `windowMin`, because what is in flight is what
 * a client waits for; grows by one with each transaction that nobody interrupted.
 */
export class AdaptiveWindow {
  readonly #max: number;
  readonly #min: number;
  readonly #leaseWindowsMax: number;
  #chunks: number;

  constructor(
    options: Pick<TransactionOptions, "windowMax" | "windowMin" | "windowStart" | "leaseWindowsMax">,
  ) {
    this.#max = options.windowMax;
    this.#min = options.windowMin;
    this.#leaseWindowsMax = options.leaseWindowsMax;
    this.#chunks = options.windowStart;
  }

  /** Chunks that may be in flight, `windowMin` to `windowMax`. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Chunks after which a lease is given back unasked. */
  get leaseChunksMax(): number {
    return this.#chunks * this.#leaseWindowsMax;
  }

  recalled(): void {
    this.#chunks = Math.max(this.#min, Math.floor(this.#chunks / 2));
  }

  quiet(): void {
    this.#chunks = Math.min(this.#max, this.#chunks + 1);
  }
}
