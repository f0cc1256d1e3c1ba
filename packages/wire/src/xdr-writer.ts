import { invariant, WireError } from "./errors.js";
import { type Gfid, writeGfid } from "./ids.js";
import { encodeName, nameByteLength } from "./names.js";
import { returnRoom, type Room, takeRoom } from "./slab.js";

const twoTo32 = 0x1_0000_0000;

/**
 * Writes XDR values one after the other into bytes that grow as needed. The payload of a fop is not copied
 * but handed on as a chunk of its own.
 *
 * Every method throws {@link WireError} `WIRE_VALUE` for a value that its field cannot hold.
 * Source: RFC 4506.
 */
export class XdrWriter {
  #room: Room;
  #bytes: Uint8Array;
  #view: DataView;
  /** Where the next byte goes, in the room's bytes. */
  #at: number;
  #payload: Uint8Array | undefined;

  /** @param sizeHint bytes to begin with; a good guess saves a copy, a generous one costs nothing. */
  constructor(sizeHint = 1_024) {
    const room = takeRoom(sizeHint);
    this.#room = room;
    this.#bytes = room.bytes;
    this.#view = room.view;
    this.#at = room.start;
  }

  /** Bytes written so far, without an attached payload. */
  get offset(): number {
    return this.#at - this.#room.start;
  }

  /** Unsigned 32 bits. */
  u32(value: number): void {
    if (value >>> 0 !== value)
      throw new WireError("WIRE_VALUE", `${value} is not an unsigned 32-bit integer`);
    // Growing may replace the view, so it comes first.
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
  }

  /** Signed 32 bits. */
  i32(value: number): void {
    if ((value | 0) !== value) throw new WireError("WIRE_VALUE", `${value} is not a signed 32-bit integer`);
    const at = this.#grow(4);
    this.#view.setInt32(at, value);
  }

  /** Unsigned 64 bits. */
  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) {
      throw new WireError("WIRE_VALUE", `${value} is not an unsigned 64-bit integer`);
    }
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value);
  }

  /** Signed 64 bits. */
  i64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw new WireError("WIRE_VALUE", `${value} is not a signed 64-bit integer`);
    }
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value);
  }

  /** A whole number from 0 to 2^53 − 1 in 64 bits. */
  u64Number(value: number): void {
    if (value < 0) throw new WireError("WIRE_VALUE", `${value} is negative`);
    this.i64Number(value);
  }

  /** A whole number within ±(2^53 − 1) in 64 bits. */
  i64Number(value: number): void {
    if (!Number.isSafeInteger(value)) throw new WireError("WIRE_VALUE", `${value} is not a safe integer`);
    const at = this.#grow(8);
    const high = Math.floor(value / twoTo32);
    this.#view.setInt32(at, high);
    this.#view.setUint32(at + 4, value - high * twoTo32);
  }

  /** IEEE 754 double. */
  double(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value);
  }

  /** The 16 bytes of a gfid. */
  gfid(value: Gfid): void {
    const at = this.#grow(16);
    writeGfid(value, this.#bytes, at);
  }

  /** Bytes without a length and without padding; copied. */
  fixed(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Variable-length opaque: length, bytes, zero padding; copied. */
  opaque(bytes: Uint8Array): void {
    this.u32(bytes.length);
    const at = this.#grow((bytes.length + 3) & ~3);
    this.#bytes.set(bytes, at);
  }

  /**
   * A string as {@link encodeName} writes it, with padding.
   * @param terminators NUL bytes that are added and counted: one after a dictionary key.
   */
  name(text: string, terminators = 0): void {
    const length = nameByteLength(text) + terminators;
    this.u32(length);
    const at = this.#grow((length + 3) & ~3);
    encodeName(text, this.#bytes, at);
  }

  /** Overwrites the four bytes at `offset`, for lengths that are known only afterwards. */
  patchU32(offset: number, value: number): void {
    invariant(offset + 4 <= this.offset, "only what was written is patched");
    this.#view.setUint32(this.#room.start + offset, value);
  }

  /** Ends the message with `payload`, which is neither copied nor padded; nothing may follow. */
  payload(payload: Uint8Array): void {
    invariant(this.#payload === undefined, "a message has one payload");
    this.#payload = payload;
  }

  /**
   * What was written, then the payload if there is one. The writer is not to be used again.
   * @returns chunks that are the caller's, though the buffer under the first is shared with other messages:
   * it must not be transferred to another thread.
   */
  finish(): readonly Uint8Array[] {
    returnRoom(this.#room, this.#at);
    const head = this.#bytes.subarray(this.#room.start, this.#at);
    return this.#payload === undefined || this.#payload.length === 0 ? [head] : [head, this.#payload];
  }

  /** Makes room for `length` bytes, all zero, and returns where they begin. */
  #grow(length: number): number {
    if (this.#payload !== undefined || this.#at + length > this.#room.end) this.#move(length);
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  #move(length: number): void {
    invariant(this.#payload === undefined, "nothing follows a payload");
    const written = this.offset;
    const room = takeRoom(Math.max(written + length, written * 2));
    room.bytes.set(this.#bytes.subarray(this.#room.start, this.#at), room.start);
    this.#room = room;
    this.#bytes = room.bytes;
    this.#view = room.view;
    this.#at = room.start + written;
  }
}
