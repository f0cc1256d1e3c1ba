import type { BufferPool } from "./buffer-pool.js";
import { RECORD_MARK_BYTES } from "./record-mark.js";
import { TransportError } from "./transport-error.js";

/** Bounds of a {@link RecordAssembler}. */
export interface RecordAssemblerLimits {
  /** Largest record, in bytes, marks not counted. */
  readonly recordBytesMax: number;
  /** Most fragments of one record, empty ones counted. */
  readonly fragmentsMax: number;
}

/** What one read may bring when the start of a record is awaited, in bytes. */
const WINDOW_BYTES = 16 * 1_024;
/** Windows are cut from slabs, so that small records can be handed out as views without a copy. */
const SLAB_BYTES = 4 * WINDOW_BYTES;
/** A rest shorter than this is read through the window: a read of its own would cost more than the copy. */
const STEERED_BYTES_MIN = WINDOW_BYTES;

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Makes records of marked fragments, without I/O. Bytes come in one of two ways: the reader asks for
 * {@link target}, reads into it and says {@link filled}; or it gives chunks to {@link push}. After
 * either it takes records with {@link next} until there is none.
 *
 * A record belongs to who took it. A small one may share its `ArrayBuffer` with others, so keep a copy
 * rather than the view when it is to live long, and never transfer its buffer.
 * Source: RFC 5531 section 11; reading into place: measured, `transport-net/bench/RESULTS.md`.
 */
export class RecordAssembler {
  readonly #limits: RecordAssemblerLimits;
  readonly #pool: BufferPool;

  /** Bytes that came and were not looked at yet: `#input` from `#at` to its end, then `#later`. */
  #input: Uint8Array = NOTHING;
  #at = 0;
  readonly #later: Uint8Array[] = [];

  #markBytes = 0;
  #mark = 0;

  /** Within a fragment: how much of it is missing, and whether the record ends with it. */
  #inFragment = false;
  #missing = 0;
  #isLast = false;

  /** The record under way when it could not be had as one view. */
  #record: Uint8Array | undefined;
  #recordBytes = 0;
  #fragments = 0;

  #slab: Uint8Array = NOTHING;
  #slabUsed = 0;
  #slabIsLent = false;
  #isSteered = false;

  constructor(limits: RecordAssemblerLimits, pool: BufferPool) {
    this.#limits = limits;
    this.#pool = pool;
  }

  /** Whether bytes are held that do not make a whole record yet, or were not taken yet. */
  get isMidRecord(): boolean {
    return this.hasInput || this.#markBytes > 0 || this.#inFragment || this.#fragments > 0;
  }

  /** Whether bytes wait to be looked at by {@link next}. */
  get hasInput(): boolean {
    return this.#at < this.#input.length || this.#later.length > 0;
  }

  /**
   * Where the next bytes go, at least one: the rest of a large record itself, else a window for
   * small ones. It stays right until {@link filled}, whatever {@link next} is asked in between.
   */
  target(): Uint8Array {
    this.#isSteered = this.#record !== undefined && this.#missing >= STEERED_BYTES_MIN && !this.hasInput;
    if (this.#isSteered && this.#record !== undefined) {
      return this.#record.subarray(this.#recordBytes, this.#recordBytes + this.#missing);
    }
    // What nobody holds a view of can be written again.
    if (!this.#slabIsLent && !this.hasInput) this.#slabUsed = 0;
    if (this.#slab.length - this.#slabUsed < WINDOW_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#slabUsed = 0;
      this.#slabIsLent = false;
    }
    return this.#slab.subarray(this.#slabUsed, this.#slabUsed + WINDOW_BYTES);
  }

  /** Says that `count` bytes were written at the start of the last {@link target}. */
  filled(count: number): void {
    if (this.#isSteered) {
      this.#recordBytes += count;
      this.#missing -= count;
      return;
    }
    const from = this.#slabUsed;
    this.#slabUsed += count;
    this.#take(this.#slab.subarray(from, from + count));
  }

  /** Takes a chunk as it came; it is the assembler's from now on, and records may be views of it. */
  push(chunk: Uint8Array): void {
    // A plain view: `slice` of a Node Buffer would not copy, to the surprise of who gets the record.
    this.#take(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }

  /**
   * The next whole record; `undefined` when more bytes are needed.
   * @throws {@link TransportError} `TRANSPORT_RECORD_TOO_LARGE` as soon as marks announce too much and
   * before memory is taken for it, `TRANSPORT_RECORD_INVALID` for too many fragments. No byte after
   * that can be trusted.
   */
  next(): Uint8Array | undefined {
    for (;;) {
      if (!this.#inFragment && !this.#startFragment()) return undefined;
      const available = this.#available();
      if (this.#isLast && this.#record === undefined && this.#missing <= available) return this.#view();
      this.#copy();
      if (this.#missing > 0) return undefined;
      this.#inFragment = false;
      if (this.#isLast) return this.#whole();
    }
  }

  #take(chunk: Uint8Array): void {
    if (this.hasInput) {
      this.#later.push(chunk);
      return;
    }
    this.#input = chunk;
    this.#at = 0;
  }

  /** Bytes at hand in one piece. */
  #available(): number {
    while (this.#at === this.#input.length) {
      const chunk = this.#later.shift();
      if (chunk === undefined) return 0;
      this.#input = chunk;
      this.#at = 0;
    }
    return this.#input.length - this.#at;
  }

  #startFragment(): boolean {
    while (this.#markBytes < RECORD_MARK_BYTES) {
      if (this.#available() === 0) return false;
      this.#mark = ((this.#mark << 8) | (this.#input[this.#at] ?? 0)) >>> 0;
      this.#at += 1;
      this.#markBytes += 1;
    }
    const fragmentBytes = this.#mark & 0x7fff_ffff;
    const recordBytes = this.#recordBytes + fragmentBytes;
    if (recordBytes > this.#limits.recordBytesMax) {
      throw new TransportError(
        "TRANSPORT_RECORD_TOO_LARGE",
        `the peer announced ${recordBytes} bytes, the limit is ${this.#limits.recordBytesMax}`,
      );
    }
    if (this.#fragments >= this.#limits.fragmentsMax) {
      throw new TransportError(
        "TRANSPORT_RECORD_INVALID",
        `a record of more than ${this.#limits.fragmentsMax} fragments`,
      );
    }
    this.#fragments += 1;
    this.#isLast = this.#mark >= 0x8000_0000;
    this.#missing = fragmentBytes;
    this.#inFragment = true;
    this.#markBytes = 0;
    this.#mark = 0;
    return true;
  }

  #view(): Uint8Array {
    const end = this.#at + this.#missing;
    const record = this.#missing === 0 ? NOTHING : this.#input.subarray(this.#at, end);
    this.#at = end;
    if (record.buffer === this.#slab.buffer) this.#slabIsLent = true;
    this.#reset();
    return record;
  }

  #whole(): Uint8Array {
    const record = this.#record?.subarray(0, this.#recordBytes) ?? NOTHING;
    this.#reset();
    return record;
  }

  #reset(): void {
    this.#inFragment = false;
    this.#missing = 0;
    this.#record = undefined;
    this.#recordBytes = 0;
    this.#fragments = 0;
  }

  #copy(): void {
    if (this.#missing === 0) return;
    const record = this.#room(this.#recordBytes + this.#missing);
    for (
      let available = this.#available();
      available > 0 && this.#missing > 0;
      available = this.#available()
    ) {
      const count = Math.min(available, this.#missing);
      record.set(this.#input.subarray(this.#at, this.#at + count), this.#recordBytes);
      this.#at += count;
      this.#recordBytes += count;
      this.#missing -= count;
    }
  }

  /** The buffer of the record under way, with room for `bytes` bytes in all. */
  #room(bytes: number): Uint8Array {
    const old = this.#record;
    if (old !== undefined && old.length >= bytes) return old;
    // Only records of several fragments grow; doubling keeps many small fragments from copying much.
    const roomBytes =
      old === undefined ? bytes : Math.max(bytes, Math.min(2 * old.length, this.#limits.recordBytesMax));
    const record = this.#pool.take(roomBytes);
    if (old !== undefined) {
      record.set(old.subarray(0, this.#recordBytes));
      this.#pool.recycle(old);
    }
    this.#record = record;
    return record;
  }
}
