import { type Epoch, type Extent, invariant } from "@brickshift/wire";

interface MarkedExtent {
  readonly start: number;
  readonly end: number;
  /** The epoch counter at the last modification of any byte in it. */
  readonly epoch: Epoch;
}

/**
 * Which bytes of one file were modified at which epoch: sorted, disjoint, and never more than a bound.
 * Past the bound the two neighbours with the smallest gap become one, with the newer epoch: it may then
 * tell of bytes that were not modified, and never misses one that was.
 */
export class ModifiedExtents {
  /** From this epoch on every modification was marked. */
  readonly sinceEpoch: Epoch;
  readonly #max: number;
  #extents: MarkedExtent[] = [];
  #coarsened = 0;

  constructor(sinceEpoch: Epoch, max: number) {
    this.sinceEpoch = sinceEpoch;
    this.#max = max;
  }

  get count(): number {
    return this.#extents.length;
  }

  /** How often two extents became one for want of room. */
  get coarsened(): number {
    return this.#coarsened;
  }

  /** Marks `length` bytes from `offset` as modified at `epoch`, which is never less than in earlier marks. */
  mark(offset: number, length: number, epoch: Epoch): void {
    if (length === 0) return;
    const end = offset + length;
    const extents = this.#extents;
    // Those that end before `offset` stay as they are, those from `last` on begin at or after `end`.
    const first = this.#firstEndingAfter(offset);
    let last = first;
    while (last < extents.length && (extents[last] as MarkedExtent).start < end) last += 1;
    const replaced: MarkedExtent[] = [];
    const head = extents[first];
    if (head !== undefined && head.start < offset) replaced.push({ ...head, end: offset });
    replaced.push({ start: offset, end, epoch });
    const tail = extents[last - 1];
    if (last > first && tail !== undefined && tail.end > end) replaced.push({ ...tail, start: end });
    extents.splice(first, last - first, ...replaced);
    this.#joinEqual(first - 1, first + replaced.length);
    while (extents.length > this.#max) this.#coarsen();
  }

  /**
   * What was modified at `epoch` or after it: sorted, with neighbours merged; the last `length` may be
   * `Infinity`. Or that nobody knows.
   */
  since(epoch: Epoch): readonly Extent[] | "unknown" {
    if (epoch < this.sinceEpoch) return "unknown";
    const found: { offset: number; length: number }[] = [];
    let endsAt = -1;
    for (const extent of this.#extents) {
      if (extent.epoch < epoch) continue;
      const before = found.at(-1);
      if (before !== undefined && endsAt === extent.start) before.length = extent.end - before.offset;
      else found.push({ offset: extent.start, length: extent.end - extent.start });
      endsAt = extent.end;
    }
    return found;
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle] as MarkedExtent).end <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Joins touching neighbours of equal epoch among the extents from `from` to `to`. */
  #joinEqual(from: number, to: number): void {
    const extents = this.#extents;
    for (let index = Math.min(to, extents.length - 1); index > Math.max(from, 0); index -= 1) {
      const left = extents[index - 1] as MarkedExtent;
      const right = extents[index] as MarkedExtent;
      if (left.end !== right.start || left.epoch !== right.epoch) continue;
      extents.splice(index - 1, 2, { start: left.start, end: right.end, epoch: left.epoch });
    }
  }

  #coarsen(): void {
    const extents = this.#extents;
    let best = 1;
    let smallest = Infinity;
    for (let index = 1; index < extents.length; index += 1) {
      const gap = (extents[index] as MarkedExtent).start - (extents[index - 1] as MarkedExtent).end;
      if (gap >= smallest) continue;
      best = index;
      smallest = gap;
    }
    const left = extents[best - 1];
    const right = extents[best];
    invariant(left !== undefined && right !== undefined, "there are two extents to join");
    const epoch = left.epoch > right.epoch ? left.epoch : right.epoch;
    extents.splice(best - 1, 2, { start: left.start, end: right.end, epoch });
    this.#coarsened += 1;
  }
}
