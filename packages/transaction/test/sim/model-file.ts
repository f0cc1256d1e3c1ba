import type { Extent } from "../../src/index.js";

/** Largest file of the simulation, in bytes; small, so that everything collides with everything. */
export const FILE_BYTES_MAX = 96;

/** A file whose every byte has a value and the mark of its last modification. */
export class ModelFile {
  readonly bytes = new Uint8Array(FILE_BYTES_MAX);
  readonly marks = new Float64Array(FILE_BYTES_MAX);
  size = 0;
  /** Whether a write beyond the end marks the hole before it as modified; sources differ. */
  readonly #marksHoles: boolean;

  constructor(marksHoles: boolean) {
    this.#marksHoles = marksHoles;
  }

  write(offset: number, length: number, value: number, mark: number): void {
    this.#mark(this.#marksHoles ? Math.min(this.size, offset) : offset, offset + length, mark);
    this.bytes.fill(value, offset, offset + length);
    this.size = Math.max(this.size, offset + length);
  }

  truncate(size: number, mark: number): void {
    if (size < this.size || this.#marksHoles) {
      this.#mark(Math.min(size, this.size), Math.max(size, this.size), mark);
    }
    this.bytes.fill(0, size);
    this.size = size;
  }

  zero(offset: number, length: number): void {
    this.bytes.fill(0, offset, offset + length);
  }

  put(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
    this.size = Math.max(this.size, offset + bytes.length);
  }

  dirtySince(mark: number): Extent[] {
    const extents: Extent[] = [];
    for (let offset = 0; offset < FILE_BYTES_MAX; offset += 1) {
      if ((this.marks[offset] ?? 0) >= mark) extents.push({ offset, length: 1 });
    }
    return extents;
  }

  /** What a reader would see, as text for comparison. */
  text(size = this.size): string {
    return Buffer.from(this.bytes.subarray(0, size)).toString("hex");
  }

  #mark(offset: number, end: number, mark: number): void {
    this.marks.fill(mark, offset, end);
  }
}
