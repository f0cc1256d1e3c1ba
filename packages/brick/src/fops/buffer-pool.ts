/** Smallest buffer that is kept, in bytes; less is cheaper to allocate than to keep. */
const POOLED_BYTES_MIN = 4_096;

/**
 * Bytes before each buffer, which nobody uses. The C library puts large memory 16 bytes into a page, and the content of files begins with
 * one: a copy that goes up by less than 32 bytes within the page takes four times as long on some processors. Source: measured,
 * `bench/page-offset.mjs` on AMD Zen 3, 490 to 640 µs/MiB for 140.
 */
const LEAD_BYTES = 512;

/**
 * Buffers for READ replies, by size class (powers of two). A buffer belongs to its taker until it is given
 * back; nobody may hold a view of it then. What would not fit in `bytesMax` is left to the garbage collector.
 */
export class BufferPool {
  readonly #bytesMax: number;
  readonly #free = new Map<number, Uint8Array[]>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes kept for later. */
  get keptBytes(): number {
    return this.#bytes;
  }

  /** A buffer of exactly `bytes` bytes; its content is whatever was there. */
  take(bytes: number): Uint8Array {
    if (bytes < POOLED_BYTES_MIN) return new Uint8Array(bytes);
    const size = sizeClass(bytes);
    const whole = this.#free.get(size)?.pop();
    if (whole === undefined) return new Uint8Array(new ArrayBuffer(LEAD_BYTES + size), LEAD_BYTES, bytes);
    this.#bytes -= size;
    return whole.length === bytes ? whole : whole.subarray(0, bytes);
  }

  /** Takes back what {@link take} gave, or any view that begins where it began. */
  give(buffer: Uint8Array): void {
    const size = buffer.buffer.byteLength - LEAD_BYTES;
    if (buffer.byteOffset !== LEAD_BYTES || size < POOLED_BYTES_MIN || size !== sizeClass(size)) return;
    if (this.#bytes + size > this.#bytesMax) return;
    const whole = new Uint8Array(buffer.buffer, LEAD_BYTES);
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [whole]);
    else free.push(whole);
    this.#bytes += size;
  }
}

function sizeClass(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}
