import type { TransactionOptions } from "./options.js";

/** A window wide enough for more chunks than this has larger ones instead: more in flight brings nothing (measured). */
const CHUNKS_IN_FLIGHT = 4;
/** A piece shorter than this part of the least chunk counts as so much: what it costs is its two calls. */
const PIECES_PER_CHUNK = 8;
/** A window that is to be wider yet, with nobody in the way, is used so often: it is wide after few chunks, and narrow when the first recall comes. */
const WINDOWS_WHILE_WIDENING = 2;

/** How one transaction goes about it. */
export interface WindowShape {
  /** Bytes of one chunk. */
  readonly chunkBytes: number;
  /** Chunks in flight, at the most; of scattered pieces as many as make up these chunks. */
  readonly inFlightMax: number;
  /** Chunks after which the lease is given back unasked. */
  readonly leaseChunksMax: number;
  /** What a piece counts as at the least, in bytes. */
  readonly pieceBytesMin: number;
}

/**
 * How much may be in flight: halves with each recall, down to `windowMin`, because what is in flight is what
 * a client waits for. With each transaction that nobody interrupted it doubles as long as no recall was seen, and
 * grows by one unit from then on.
 */
export class AdaptiveWindow {
  readonly #options: TransactionOptions;
  readonly #chunkBytesMax: number;
  #units: number;
  #wasRecalled = false;

  /** @param chunkBytesMax bound of the chunks, when it is less than that of `options`. */
  constructor(options: TransactionOptions, chunkBytesMax = options.chunkBytesMax) {
    this.#options = options;
    this.#chunkBytesMax = Math.min(options.chunkBytesMax, Math.max(options.chunkBytes, chunkBytesMax));
    this.#units = options.windowStart;
  }

  /** Bytes that may be in flight. */
  get bytes(): number {
    return this.#units * this.#options.chunkBytes;
  }

  /** The shape of a transaction that begins now. */
  get shape(): WindowShape {
    const { chunkBytes, leaseWindowsMax } = this.#options;
    const unitsMax = Math.floor(this.#chunkBytesMax / chunkBytes);
    const units = Math.min(unitsMax, Math.max(1, Math.floor(this.#units / CHUNKS_IN_FLIGHT)));
    const inFlightMax = Math.floor(this.#units / units);
    return {
      chunkBytes: units * chunkBytes,
      inFlightMax,
      leaseChunksMax:
        inFlightMax *
        (this.#isWidening ? Math.min(WINDOWS_WHILE_WIDENING, leaseWindowsMax) : leaseWindowsMax),
      pieceBytesMin: this.#pieceBytesMin,
    };
  }

  /** What is to be copied is little, and somebody waits for it: small chunks, all of them at once, under one lease. */
  get urgentShape(): WindowShape {
    const { chunkBytes, windowMax } = this.#options;
    const leaseChunksMax = Number.MAX_SAFE_INTEGER;
    return { chunkBytes, inFlightMax: windowMax, leaseChunksMax, pieceBytesMin: this.#pieceBytesMin };
  }

  recalled(): void {
    this.#wasRecalled = true;
    this.#units = Math.max(this.#options.windowMin, Math.floor(this.#units / 2));
  }

  quiet(): void {
    const wider = this.#wasRecalled ? this.#units + 1 : this.#units * 2;
    this.#units = Math.min(this.#options.windowMax, wider);
  }

  get #isWidening(): boolean {
    return !this.#wasRecalled && this.#units < this.#options.windowMax;
  }

  get #pieceBytesMin(): number {
    return Math.ceil(this.#options.chunkBytes / PIECES_PER_CHUNK);
  }
}
