import type { Epoch, Extent, Gfid } from "@brickshift/wire";
import { ModifiedExtents } from "./modified-extents.js";

/**
 * The inodes whose modifications are tracked, each from its first lease of scope `data` on. Bounded: the
 * inode that was longest neither leased nor modified nor asked for is given up for a new one.
 */
export class TrackedInodes {
  // A Map keeps the order of insertion; what is used is put to the end.
  readonly #extents = new Map<Gfid, ModifiedExtents>();
  readonly #inodesMax: number;
  readonly #extentsMax: number;

  constructor(inodesMax: number, extentsMax: number) {
    this.#inodesMax = inodesMax;
    this.#extentsMax = extentsMax;
  }

  get size(): number {
    return this.#extents.size;
  }

  /** Starts to track at `epoch`, unless the inode is tracked already. */
  track(gfid: Gfid, epoch: Epoch): void {
    if (this.#use(gfid) !== undefined) return;
    this.#extents.set(gfid, new ModifiedExtents(epoch, this.#extentsMax));
    if (this.#extents.size <= this.#inodesMax) return;
    const oldest = this.#extents.keys().next();
    if (oldest.done !== true) this.#extents.delete(oldest.value);
  }

  /** Marks bytes as modified at `epoch`; nothing happens when the inode is not tracked. */
  mark(gfid: Gfid, offset: number, length: number, epoch: Epoch): void {
    if (this.#extents.size === 0) return;
    this.#use(gfid)?.mark(offset, length, epoch);
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
    this.#extents.delete(gfid);
  }

  #use(gfid: Gfid): ModifiedExtents | undefined {
    const extents = this.#extents.get(gfid);
    if (extents === undefined) return undefined;
    this.#extents.delete(gfid);
    this.#extents.set(gfid, extents);
    return extents;
  }
}
