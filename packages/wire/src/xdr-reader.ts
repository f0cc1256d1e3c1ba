import { WireError } from "./errors.js";
import { type Gfid, gfidFromBytes } from "./ids.js";
import { decodeName } from "./names.js";

const twoTo32 = 0x1_0000_0000;
/** High word of the first u64 that a number cannot hold exactly: 2^53 is 2^21 times 2^32. */
const highWordMax = 0x1f_ffff;

/**
 * Reads XDR values one after the other from bytes that stay the caller's. Strict: a value that is cut off,
 * padding that is not zero and a number that does not fit are refused, never guessed at.
 *
 * Every method moves forward and throws {@link WireError} `WIRE_TRUNCATED` at the end of the bytes.
 * Source: RFC 4506.
 */
export class XdrReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet: the bound of everything that is allocated while reading. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Unsigned 32 bits. */
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** Signed 32 bits. */
  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** Unsigned 64 bits. */
  u64(): bigint {
    const at = this.#take(8);
    // Most 64-bit fields of an iatt are zero, and a bigint made from a view is an allocation.
    if (this.#view.getUint32(at) === 0 && this.#view.getUint32(at + 4) === 0) return 0n;
    return this.#view.getBigUint64(at);
  }

  /** Signed 64 bits. */
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /** Unsigned 64 bits as a number. @throws {@link WireError} `WIRE_NUMBER_RANGE` beyond 2^53 − 1. */
  u64Number(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at);
    if (high > highWordMax) throw new WireError("WIRE_NUMBER_RANGE", "an unsigned number exceeds 2^53 - 1");
    return high * twoTo32 + this.#view.getUint32(at + 4);
  }

  /** Signed 64 bits as a number. @throws {@link WireError} `WIRE_NUMBER_RANGE` beyond ±(2^53 − 1). */
  i64Number(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * twoTo32 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) {
      throw new WireError("WIRE_NUMBER_RANGE", "a signed number exceeds 2^53 - 1");
    }
    return value;
  }

  /** IEEE 754 double. */
  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** 16 bytes as a gfid. */
  gfid(): Gfid {
    return gfidFromBytes(this.#bytes, this.#take(16));
  }

  /** A view of the next `length` bytes and no padding; copy it to keep it longer than the record. */
  fixed(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /**
   * A view of variable-length opaque bytes, at most `lengthMax`; the padding is consumed.
   * @throws {@link WireError} `WIRE_LENGTH`, `WIRE_PADDING`, `WIRE_TRUNCATED`.
   */
  opaque(lengthMax = 0xffff_ffff): Uint8Array {
    const length = this.u32();
    if (length > lengthMax)
      throw new WireError("WIRE_LENGTH", `${length} bytes where ${lengthMax} are allowed`);
    const bytes = this.fixed(length);
    this.#skipPadding(length);
    return bytes;
  }

  /**
   * A string as {@link decodeName} reads it: bytes that are not UTF-8 survive.
   * @throws {@link WireError} `WIRE_PADDING`, `WIRE_TRUNCATED`.
   */
  name(): string {
    const length = this.u32();
    const at = this.#take(length);
    const text = decodeName(this.#bytes, at, at + length);
    this.#skipPadding(length);
    return text;
  }

  /** A view of all that is left, however much that is: the payload of a record. */
  rest(): Uint8Array {
    return this.fixed(this.remaining);
  }

  /** @throws {@link WireError} `WIRE_TRAILING_BYTES` unless everything was read. */
  end(): void {
    if (this.remaining !== 0) throw new WireError("WIRE_TRAILING_BYTES", `${this.remaining} bytes too many`);
  }

  #skipPadding(length: number): void {
    const padding = -length & 3;
    if (padding === 0) return;
    const at = this.#take(padding);
    for (let index = at; index < at + padding; index += 1) {
      if (this.#bytes[index] !== 0) throw new WireError("WIRE_PADDING", "padding is not zero");
    }
  }

  /** Moves over `length` bytes and returns where they begin. */
  #take(length: number): number {
    const at = this.#offset;
    if (length > this.#bytes.length - at) {
      throw new WireError("WIRE_TRUNCATED", `${length} bytes wanted, ${this.#bytes.length - at} left`);
    }
    this.#offset = at + length;
    return at;
  }
}
