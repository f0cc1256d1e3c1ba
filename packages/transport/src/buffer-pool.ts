/** Records from this size on get a buffer of their own that can be recycled, in bytes. */
export const POOLED_BYTES_MIN = 16 * 1_024;

/** Bounds and means of a {@link BufferPool}. */
export interface BufferPoolOptions {
  /** Most bytes kept for reuse; what is recycled beyond is left to the garbage collector. */
  readonly poolBytesMax: number;
  /** Makes memory, which need not be zeroed: it is written before anybody reads it. */
  readonly allocate?: (bytes: number) => ArrayBuffer;
}

/**
 * Lends buffers for large records and takes them back. Lent buffers are not bounded here, only what
 * lies idle; who lends bounds the lending.
 */
export class BufferPool {
  readonly #poolBytesMax: number;
  readonly #allocate: (bytes: number) => ArrayBuffer;
  readonly #idle = new Map<number, ArrayBuffer[]>();
  /** What is out now: tells our buffers from others', and a first recycle from a second. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #idleBytes = 0;

  constructor(options: BufferPoolOptions) {
    this.#poolBytesMax = options.poolBytesMax;
    this.#allocate = options.allocate ?? ((bytes) => new ArrayBuffer(bytes));
  }

  /** Bytes that lie idle. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of exactly `bytes` bytes with undefined content; it is the caller's until recycled. */
  take(bytes: number): Uint8Array {
    if (bytes < POOLED_BYTES_MIN) return new Uint8Array(bytes);
    const classBytes = sizeClass(bytes);
    let buffer = this.#idle.get(classBytes)?.pop();
    if (buffer === undefined) buffer = this.#allocate(classBytes);
    else this.#idleBytes -= classBytes;
    this.#lent.add(buffer);
    return new Uint8Array(buffer, 0, bytes);
  }

  /**
   * Takes a buffer back, given as {@link take} returned it or as a view of it. One that is not ours,
   * or back already, is ignored.
   */
  recycle(view: Uint8Array): void {
    const buffer = view.buffer;
    if (!this.#lent.delete(buffer)) return;
    const classBytes = buffer.byteLength;
    // A buffer that its user transferred to a worker has no bytes any more.
    if (classBytes === 0 || this.#idleBytes + classBytes > this.#poolBytesMax) return;
    this.#idleBytes += classBytes;
    const idle = this.#idle.get(classBytes);
    if (idle === undefined) this.#idle.set(classBytes, [buffer as ArrayBuffer]);
    else idle.push(buffer as ArrayBuffer);
  }
}

/** Rounds up in eight steps a doubling: at most an eighth is wasted, and 1 MiB and a header do not take 2 MiB. */
function sizeClass(bytes: number): number {
  const step = 2 ** (31 - Math.clz32(bytes - 1) - 3);
  return Math.ceil(bytes / step) * step;
}
