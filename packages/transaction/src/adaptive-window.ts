import type { TransactionOptions } from "./options.js";

/** A window wide enough for more chunks than this has larger ones instead: more in flight brings nothing (measured). */
const CHUNKS_IN_FLIGHT = 8;

/** How one transaction goes about it. */
export interface WindowShape {
  /** Bytes of one chunk. */
  readonly chunkBytes: number;
  /** Chunks in flight, at the most. */
  readonly inFlightMax: number;
  /** Chunks after which the lease is given back unasked. */
  readonly leaseChunksMax: number;
}

/**
 * How much may be in flight: halves with each recall, down to `windowMin`, because what is in flight is what
 * a client waits for. With each transaction that nobody interrupted it doubles as long as no recall was seen, and
 * grows by one unit from then on.
 */
export class AdaptiveWindow {
  readonly #options: TransactionOptions;
  #units: number;
  #wasRecalled = false;

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.#units = options.windowStart;
  }

  /** Bytes that may be in flight. */
  get bytes(): number {
    return this.#units * this.#options.chunkBytes;
  }

  /** The shape of a transaction that begins now. */
  get shape(): WindowShape {
    const { chunkBytes, chunkBytesMax, leaseWindowsMax } = this.#options;
    const unitsMax = Math.floor(chunkBytesMax / chunkBytes);
    const units = Math.min(unitsMax, Math.max(1, Math.floor(this.#units / CHUNKS_IN_FLIGHT)));
    const inFlightMax = Math.floor(this.#units / units);
    return { chunkBytes: units * chunkBytes, inFlightMax, leaseChunksMax: inFlightMax * leaseWindowsMax };
  }

  recalled(): void {
    this.#wasRecalled = true;
    this.#units = Math.max(this.#options.windowMin, Math.floor(this.#units / 2));
  }

  quiet(): void {
    const wider = this.#wasRecalled ? this.#units + 1 : this.#units * 2;
    this.#units = Math.min(this.#options.windowMax, wider);
  }
}
