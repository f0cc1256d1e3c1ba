import { TransportError } from "./transport-error.js";

/** Bounds of a {@link SendQueue}. */
export interface SendQueueLimits {
  /** Largest record, in bytes. */
  readonly recordBytesMax: number;
  /** Most bytes queued, see {@link QUEUED_RECORD_BYTES}. */
  readonly sendQueueBytesMax: number;
}

/** What a record counts in the queue besides its bytes, so that empty ones are bounded too, in bytes. */
export const QUEUED_RECORD_BYTES = 64;

/** A record on its way out. */
export interface QueuedRecord {
  readonly chunks: readonly Uint8Array[];
  /** Length of all chunks. */
  readonly recordBytes: number;
}

interface Entry extends QueuedRecord {
  readonly resolve: () => void;
  readonly reject: (error: TransportError) => void;
}

/**
 * The records that `send` accepted and the transport still needs, in order: first those that it took
 * to be written, then those that wait. Transports share it so that they refuse and settle alike.
 */
export class SendQueue {
  readonly #limits: SendQueueLimits;
  readonly #added: () => void;
  /** From `#first` on: taken ones up to `#firstWaiting`, then waiting ones. */
  #entries: (Entry | undefined)[] = [];
  #first = 0;
  #firstWaiting = 0;
  #queuedBytes = 0;
  #refusal: string | undefined;
  #settled = 0;

  /** `added` is called after every record that is accepted. */
  constructor(limits: SendQueueLimits, added: () => void) {
    this.#limits = limits;
    this.#added = added;
  }

  /** Bytes of all records held, with {@link QUEUED_RECORD_BYTES} for each. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** How many records were settled so far. */
  get settled(): number {
    return this.#settled;
  }

  /** Whether no record is held. */
  get isEmpty(): boolean {
    return this.#first === this.#entries.length;
  }

  /** Whether a record waits to be taken. */
  get hasWaiting(): boolean {
    return this.#firstWaiting < this.#entries.length;
  }

  /**
   * Accepts a record; settles as `Connection.send` says. A record that alone exceeds the bound of the
   * queue is accepted when the queue is empty, for else it could never be sent.
   */
  add(chunks: readonly Uint8Array[]): Promise<void> {
    let recordBytes = 0;
    for (const chunk of chunks) recordBytes += chunk.byteLength;
    const refusal = this.#refuse(recordBytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#queuedBytes += recordBytes + QUEUED_RECORD_BYTES;
    return new Promise((resolve, reject) => {
      this.#entries.push({ chunks, recordBytes, resolve, reject });
      this.#added();
    });
  }

  /** The next waiting record, to be written and then {@link settle}d; `undefined` when none waits. */
  take(): QueuedRecord | undefined {
    const entry = this.#entries[this.#firstWaiting];
    if (entry !== undefined) this.#firstWaiting += 1;
    return entry;
  }

  /** Resolves the oldest `count` records taken: their bytes are needed no more. */
  settle(count: number): void {
    for (let left = count; left > 0 && this.#first < this.#firstWaiting; left -= 1) {
      const entry = this.#entries[this.#first];
      this.#entries[this.#first] = undefined;
      this.#first += 1;
      if (entry === undefined) continue;
      this.#settled += 1;
      this.#queuedBytes -= entry.recordBytes + QUEUED_RECORD_BYTES;
      entry.resolve();
    }
    this.#compact();
  }

  /** Refuses further records with `TRANSPORT_CLOSED`; those held stay. */
  end(why: string): void {
    this.#refusal ??= why;
  }

  /**
   * Drops everything: those taken reject with `TRANSPORT_LOST`, since they may have been sent, those
   * that wait with `TRANSPORT_CLOSED`; further ones are refused.
   */
  fail(cause: TransportError | undefined): void {
    const entries = this.#entries.slice(this.#first);
    const taken = this.#firstWaiting - this.#first;
    this.#entries = [];
    this.#first = 0;
    this.#firstWaiting = 0;
    this.#queuedBytes = 0;
    this.#refusal = "the connection is closed";
    const options = cause === undefined ? {} : { cause };
    for (const [index, entry] of entries.entries()) {
      const error =
        index < taken
          ? new TransportError("TRANSPORT_LOST", "the connection ended while sending", options)
          : new TransportError("TRANSPORT_CLOSED", "the connection ended before sending", options);
      entry?.reject(error);
    }
  }

  #refuse(recordBytes: number): TransportError | undefined {
    if (this.#refusal !== undefined) return new TransportError("TRANSPORT_CLOSED", this.#refusal);
    const { recordBytesMax, sendQueueBytesMax } = this.#limits;
    if (recordBytes > recordBytesMax) {
      return new TransportError(
        "TRANSPORT_RECORD_TOO_LARGE",
        `${recordBytes} bytes to send, the limit is ${recordBytesMax}`,
      );
    }
    const queuedBytes = this.#queuedBytes + recordBytes + QUEUED_RECORD_BYTES;
    if (queuedBytes > sendQueueBytesMax && !this.isEmpty) {
      return new TransportError(
        "TRANSPORT_QUEUE_FULL",
        `${this.#queuedBytes} bytes queued, the limit is ${sendQueueBytesMax}`,
      );
    }
    return undefined;
  }

  /** Gives up the settled front once it is most of the array, which makes it cheap on average. */
  #compact(): void {
    if (this.#first < 64 || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#firstWaiting -= this.#first;
    this.#first = 0;
  }
}
