import type { Epoch, Extent } from "@brickshift/wire";

interface MarkedExtent {
  readonly start: number;
  readonly end: number;
  /** The epoch counter at the last modification of any byte in it. */
  readonly epoch: Epoch;
}

/**
 * Which bytes of one file were modified at which epoch: sorted, disjoint, and never more than a bound.
 * Past the bound neighbours with the smallest gaps become one, with the newer epoch: it may then tell of
 * bytes that were not modified, and never misses one that was.
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

  /** How many extents were joined to another for want of room. */
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
    if (extents.length > this.#max) this.#coarsen();
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

  /**
   * Joins neighbours, smallest gaps first, until a quarter of the room is free again: to look for gaps at
   * every mark would cost as much as the marks of a whole quarter.
   */
  #coarsen(): void {
    const extents = this.#extents;
    const joins = extents.length - (this.#max - (this.#max >> 2));
    // Nothing is before the first: extents[-1] is undefined.
    const gaps = extents.map(({ start }, index) => start - (extents[index - 1]?.end ?? -Infinity));
    const smallestFirst = gaps
      .map((_, index) => index)
      .sort((a, b) => (gaps[a] ?? 0) - (gaps[b] ?? 0) || a - b);
    const isJoined = new Set(smallestFirst.slice(0, joins));
    const joined: MarkedExtent[] = [];
    for (const [index, extent] of extents.entries()) {
      const left = joined.at(-1);
      if (left === undefined || !isJoined.has(index)) joined.push(extent);
      else joined[joined.length - 1] = { start: left.start, end: extent.end, epoch: newer(left, extent) };
    }
    this.#extents = joined;
    this.#coarsened += joins;
  }
}

function newer(one: MarkedExtent, other: MarkedExtent): Epoch {
  return one.epoch > other.epoch ? one.epoch : other.epoch;
}
