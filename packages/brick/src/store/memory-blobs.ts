import type { Gfid } from "@brickshift/wire";
import { StoreError } from "./store-error.js";

/** Room is taken in pieces of this size; a piece never written is a hole. */
const CHUNK_BYTES = 4_096;

/** Content of one file in memory: chunks by their number, holes where there is none. */
export class MemoryBlob {
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #gfid: Gfid;
  size = 0;
  wallModifiedMs: number;

  constructor(gfid: Gfid, wallModifiedMs: number) {
    this.#gfid = gfid;
    this.wallModifiedMs = wallModifiedMs;
  }

  /** Room taken, in bytes. */
  get roomBytes(): number {
    return this.#chunks.size * CHUNK_BYTES;
  }

  read(offset: number, into: Uint8Array): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    for (const piece of pieces(offset, length)) {
      const chunk = this.#chunks.get(piece.chunk);
      const target = into.subarray(piece.at, piece.at + piece.length);
      if (chunk === undefined) target.fill(0);
      else target.set(chunk.subarray(piece.start, piece.start + piece.length));
    }
    return length;
  }

  /** `takeRoom` is called with the bytes of room that the write needs before anything changes; it may throw. */
  write(offset: number, bytes: Uint8Array, takeRoom: (roomBytes: number) => void): void {
    if (offset + bytes.length > Number.MAX_SAFE_INTEGER) {
      throw new StoreError("STORE_FILE_TOO_BIG", `${this.#gfid} at ${offset}`);
    }
    const wanted = pieces(offset, bytes.length);
    takeRoom(wanted.filter((piece) => !this.#chunks.has(piece.chunk)).length * CHUNK_BYTES);
    for (const piece of wanted) {
      const chunk = this.#chunks.get(piece.chunk) ?? new Uint8Array(CHUNK_BYTES);
      this.#chunks.set(piece.chunk, chunk);
      chunk.set(bytes.subarray(piece.at, piece.at + piece.length), piece.start);
    }
    if (bytes.length > 0) this.size = Math.max(this.size, offset + bytes.length);
  }

  truncate(size: number): void {
    if (size < this.size) {
      this.zero(size, this.size - size);
      this.size = size;
      for (const chunk of this.#chunks.keys()) {
        if (chunk * CHUNK_BYTES >= size) this.#chunks.delete(chunk);
      }
    }
    this.size = size;
  }

  zero(offset: number, length: number): void {
    const end = Math.min(offset + length, this.size);
    for (const [number, chunk] of this.#chunks) {
      const from = Math.max(offset - number * CHUNK_BYTES, 0);
      const to = Math.min(end - number * CHUNK_BYTES, CHUNK_BYTES);
      if (from >= to) continue;
      if (from === 0 && to === CHUNK_BYTES) this.#chunks.delete(number);
      else chunk.fill(0, from, to);
    }
  }

  seek(offset: number, what: "data" | "hole"): number | undefined {
    if (offset >= this.size) return undefined;
    return what === "data" ? this.#seekData(offset) : this.#seekHole(offset);
  }

  /** Looks through what there is: a hole may be of billions of chunks. */
  #seekData(offset: number): number | undefined {
    const first = Math.floor(offset / CHUNK_BYTES);
    if (this.#chunks.has(first)) return offset;
    let next = Infinity;
    for (const chunk of this.#chunks.keys()) if (chunk > first && chunk < next) next = chunk;
    return next === Infinity ? undefined : next * CHUNK_BYTES;
  }

  #seekHole(offset: number): number {
    let chunk = Math.floor(offset / CHUNK_BYTES);
    if (!this.#chunks.has(chunk)) return offset;
    while (this.#chunks.has(chunk)) chunk += 1;
    return Math.min(chunk * CHUNK_BYTES, this.size);
  }
}

interface Piece {
  readonly chunk: number;
  /** First byte within the chunk. */
  readonly start: number;
  /** First byte within the caller's buffer. */
  readonly at: number;
  readonly length: number;
}

function pieces(offset: number, length: number): Piece[] {
  const found: Piece[] = [];
  for (let at = 0; at < length;) {
    const chunk = Math.floor((offset + at) / CHUNK_BYTES);
    const start = offset + at - chunk * CHUNK_BYTES;
    const piece = { chunk, start, at, length: Math.min(CHUNK_BYTES - start, length - at) };
    found.push(piece);
    at += piece.length;
  }
  return found;
}
