import type { Epoch } from "@brickshift/wire";
import { type Extent, extentsBytes, normalizeExtents, WHOLE_FILE } from "./extents.js";
import type { Grant } from "./ports.js";

/** How far a copy got; what the next copy of the same file to the same destination goes on from. */
export interface CopyProgress {
  /** What is known to be missing on the destination; ascending and disjoint. */
  readonly remaining: readonly Extent[];
  /** What is not in `remaining` holds every modification with a lower mark; `undefined` before the first grant. */
  readonly base: Epoch | undefined;
  /** The destination was never written at or beyond this offset, so it reads as zeros there. */
  readonly touchedBytes: number;
  /** Whether no write is under way that only a higher fence can stop. */
  readonly isFenced: boolean;
}

/** A destination that is yet to be made. */
export const NOTHING_COPIED: CopyProgress = {
  remaining: WHOLE_FILE,
  base: undefined,
  touchedBytes: 0,
  isFenced: false,
};

/**
 * The pair (remaining, base) and the two rules that change it. They keep this claim true:
 *
 *   every byte outside `remaining` holds, on the destination, all modifications with a mark below `base`.
 *
 * A source marks each modification with its epoch counter at the time of admission, and a grant increments
 * the counter after the modifications under way have ended. So under the lease with epoch e, all that was
 * applied before has a mark below e, nothing is admitted, and all that comes later has a mark of at least e.
 *
 * - *Grant* with epoch e, asked for what is dirty since `base`: a byte that is neither in `remaining` nor dirty
 *   was not modified with a mark in [base, e), so it holds all modifications below e, and e is the new base.
 *   That is true at the instant of the grant, whatever becomes of the lease. It is also the *lowest* epoch
 *   under which anything of this pass is copied: the leases of its transactions have epochs of at least e.
 * - *Commit* under a lease with epoch e′ ≥ base: the bytes copied hold all modifications below e′, hence all
 *   below base. They leave `remaining`; base stays. Raising it to e′ here would be the classic mistake:
 *   other bytes of this pass were copied under earlier leases, and what was modified between would be lost.
 *
 * Without an answer about what is dirty the whole file remains, and any grant may be the base.
 */
export class CopyLedger {
  readonly #extentsMax: number;
  #remaining: readonly Extent[];
  #base: Epoch | undefined;
  touchedBytes: number;
  isFenced: boolean;

  constructor(from: CopyProgress, extentsMax: number) {
    this.#extentsMax = extentsMax;
    this.#remaining = from.remaining;
    this.#base = from.base;
    this.touchedBytes = from.touchedBytes;
    this.isFenced = from.isFenced;
  }

  get base(): Epoch | undefined {
    return this.#base;
  }

  get remaining(): readonly Extent[] {
    return this.#remaining;
  }

  get remainingBytes(): number {
    return extentsBytes(this.#remaining);
  }

  /** A grant that was asked what is dirty since `base`, or the first one. */
  granted(grant: Grant): void {
    if (this.#base === undefined || grant.dirty === undefined || grant.dirty === "unknown") {
      this.#remaining = WHOLE_FILE;
    } else {
      const extents = [...this.#remaining, ...grant.dirty, ...this.#beyond(grant.sizeBytes)];
      this.#remaining = normalizeExtents(extents, this.#extentsMax);
    }
    this.#base = grant.epoch;
  }

  /** What the destination has beyond the end of a file that shrank. */
  #beyond(sizeBytes: number | undefined): readonly Extent[] {
    if (sizeBytes === undefined || sizeBytes >= this.touchedBytes) return [];
    return [{ offset: sizeBytes, length: this.touchedBytes - sizeBytes }];
  }

  /** A transaction unlocked in good order; of what remained, `rest` was not copied. */
  committed(rest: readonly Extent[]): void {
    this.#remaining = rest;
  }

  progress(): CopyProgress {
    return {
      remaining: this.#remaining,
      base: this.#base,
      touchedBytes: this.touchedBytes,
      isFenced: this.isFenced,
    };
  }
}
