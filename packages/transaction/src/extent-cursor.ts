import { clipExtents, endOf, type Extent } from "./extents.js";

/** Walks ascending extents from their first byte to their last, in steps. */
export class ExtentCursor {
  #extents: readonly Extent[];
  #index = 0;
  #offset: number;

  constructor(extents: readonly Extent[]) {
    this.#extents = extents;
    this.#offset = extents[0]?.offset ?? 0;
  }

  /** The next byte to be handed out; meaningless when {@link isAtEnd}. */
  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#index >= this.#extents.length;
  }

  /** How many bytes {@link take} would hand out; 0 at the end. */
  nextBytes(bytesMax: number): number {
    const extent = this.#extents[this.#index];
    return extent === undefined ? 0 : Math.min(bytesMax, endOf(extent) - this.#offset);
  }

  /** Hands out the next bytes, at most `bytesMax` of them, from one extent; `undefined` at the end. */
  take(bytesMax: number): Extent | undefined {
    if (this.isAtEnd) return undefined;
    const taken = { offset: this.#offset, length: this.nextBytes(bytesMax) };
    this.#moveTo(endOf(taken));
    return taken;
  }

  /** Forgets everything from `endBytes` on. */
  clip(endBytes: number): void {
    this.#extents = clipExtents(this.#extents, endBytes);
    const extent = this.#extents[this.#index];
    if (extent !== undefined) this.#moveTo(this.#offset);
  }

  /** What has not been handed out yet. */
  rest(): readonly Extent[] {
    const extent = this.#extents[this.#index];
    if (extent === undefined) return [];
    const head = { offset: this.#offset, length: endOf(extent) - this.#offset };
    return [head, ...this.#extents.slice(this.#index + 1)];
  }

  #moveTo(offset: number): void {
    this.#offset = offset;
    const extent = this.#extents[this.#index];
    if (extent === undefined || offset < endOf(extent)) return;
    this.#index += 1;
    this.#offset = this.#extents[this.#index]?.offset ?? offset;
  }
}
