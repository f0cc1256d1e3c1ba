import type { Epoch, Extent, Gfid } from "@brickshift/wire";
import { ModifiedExtents } from "./modified-extents.js";

/** Bounds of what is tracked. */
export interface TrackedBounds {
  readonly trackedInodesMax: number;
  readonly extentsMax: number;
  readonly extentsTotalMax: number;
}

/**
 * The inodes whose modifications are tracked, each from its first lease of scope `data` on. Bounded in inodes and in extents:
 * the inode that was longest neither leased nor modified nor asked for is given up for another one.
 */
export class TrackedInodes {
  // A Map keeps the order of insertion; what is used is put to the end.
  readonly #extents = new Map<Gfid, ModifiedExtents>();
  readonly #bounds: TrackedBounds;
  /** Extents of all of them. */
  #total = 0;

  constructor(bounds: TrackedBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#extents.size;
  }

  /** Starts to track at `epoch`, unless the inode is tracked already. */
  track(gfid: Gfid, epoch: Epoch): void {
    if (this.#use(gfid) !== undefined) return;
    this.#extents.set(gfid, new ModifiedExtents(epoch, this.#bounds.extentsMax));
    if (this.#extents.size > this.#bounds.trackedInodesMax) this.#giveUpOldest();
  }

  /** Marks bytes as modified at `epoch`; nothing happens when the inode is not tracked. */
  mark(gfid: Gfid, offset: number, length: number, epoch: Epoch): void {
    if (this.#extents.size === 0) return;
    const extents = this.#use(gfid);
    if (extents === undefined) return;
    const before = extents.count;
    extents.mark(offset, length, epoch);
    this.#total += extents.count - before;
    // The one in use is the last that could go, and is bounded by itself.
    while (this.#total > this.#bounds.extentsTotalMax && this.#extents.size > 1) this.#giveUpOldest();
  }

  /** What was modified at `epoch` or after it; `"unknown"` when tracking began later or was given up. */
  since(gfid: Gfid, epoch: Epoch): readonly Extent[] | "unknown" {
    return this.#use(gfid)?.since(epoch) ?? "unknown";
  }

  /** How often the inode's extents were coarsened. */
  coarsened(gfid: Gfid): number {
    return this.#extents.get(gfid)?.coarsened ?? 0;
  }

  forget(gfid: Gfid): void {
    this.#total -= this.#extents.get(gfid)?.count ?? 0;
    this.#extents.delete(gfid);
  }

  #giveUpOldest(): void {
    const oldest = this.#extents.keys().next();
    if (oldest.done !== true) this.forget(oldest.value);
  }

  #use(gfid: Gfid): ModifiedExtents | undefined {
    const extents = this.#extents.get(gfid);
    if (extents === undefined) return undefined;
    this.#extents.delete(gfid);
    this.#extents.set(gfid, extents);
    return extents;
  }
}
