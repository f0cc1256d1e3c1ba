/** How often one region had to be copied again, and why the last time. */
export interface RegionReplays {
  /** Where the transactions began that failed. */
  readonly offset: number;
  /** The furthest that one of them got. */
  readonly endOffset: number;
  readonly replays: number;
  readonly lastCause: string;
}

/**
 * Counts failed transactions by the region that they must copy again. The offset does not advance on a
 * failure, so failures in a row have the same region; that row is what `replaysMax` bounds.
 */
export class ReplayLedger {
  readonly #regionsMax: number;
  readonly #regions = new Map<number, RegionReplays>();
  #inRow = 0;
  #total = 0;

  /** @param regionsMax regions kept apart for the report; replays of others count in the total only. */
  constructor(regionsMax: number) {
    this.#regionsMax = regionsMax;
  }

  /** Failures since the last advance. */
  get inRow(): number {
    return this.#inRow;
  }

  /** Failures in all. */
  get total(): number {
    return this.#total;
  }

  /** Regions in the order in which they first failed; a snapshot. */
  get regions(): readonly RegionReplays[] {
    return [...this.#regions.values()];
  }

  failed(offset: number, endOffset: number, cause: string): void {
    this.#inRow += 1;
    this.#total += 1;
    const known = this.#regions.get(offset);
    if (known === undefined && this.#regions.size >= this.#regionsMax) return;
    this.#regions.set(offset, {
      offset,
      endOffset: Math.max(known?.endOffset ?? offset, endOffset),
      replays: (known?.replays ?? 0) + 1,
      lastCause: cause,
    });
  }

  advanced(): void {
    this.#inRow = 0;
  }
}
