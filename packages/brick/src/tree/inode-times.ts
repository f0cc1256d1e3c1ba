import type { Gfid } from "@brickshift/wire";
import type { BlobStat } from "../store/store.js";
import { type InodeRecord, isRegular } from "./inode-record.js";

/** Times of a file that were not persisted yet. */
export interface DirtyTimes {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

const NS_PER_MS = 1_000_000;

/**
 * The times of files that are written: kept here, so that a write needs no transaction. After a crash the blob's own
 * modification time, newer than the one in the record, stands for those that were lost.
 */
export class InodeTimes {
  readonly #dirty = new Map<Gfid, DirtyTimes>();

  /** How many files have times that are not persisted. */
  get size(): number {
    return this.#dirty.size;
  }

  /** A change of the content at `nowNs`. */
  touch(gfid: Gfid, nowNs: bigint): void {
    // Last in the map is last in line for being persisted without being asked.
    this.#dirty.delete(gfid);
    this.#dirty.set(gfid, { mtimeNs: nowNs, ctimeNs: nowNs });
  }

  dirtyOf(gfid: Gfid): DirtyTimes | undefined {
    return this.#dirty.get(gfid);
  }

  /** Forgets times that are persisted now, unless newer ones came meanwhile. */
  forget(gfid: Gfid, persisted: DirtyTimes | undefined): void {
    if (persisted !== undefined && this.#dirty.get(gfid) === persisted) this.#dirty.delete(gfid);
  }

  /** Forgets the times of an object that is gone. */
  drop(gfid: Gfid): void {
    this.#dirty.delete(gfid);
  }

  /** At most `count` files with times not persisted, those not written for longest first. */
  oldest(count: number): Gfid[] {
    return [...this.#dirty.keys()].slice(0, count);
  }

  /** The record with the times that hold now: what every change of a record starts from. */
  settled(gfid: Gfid, record: InodeRecord, blob: BlobStat | undefined): InodeRecord {
    if (!isRegular(record) || blob === undefined) return record;
    const dataStampMs = blob.wallModifiedMs;
    const dirty = this.#dirty.get(gfid);
    if (dirty !== undefined) return { ...record, ...dirty, dataStampMs };
    if (dataStampMs <= record.dataStampMs) return record;
    const lostNs = BigInt(Math.floor(dataStampMs)) * BigInt(NS_PER_MS) + subMillisecondNs(dataStampMs);
    return { ...record, mtimeNs: lostNs, ctimeNs: lostNs, dataStampMs };
  }
}

function subMillisecondNs(ms: number): bigint {
  return BigInt(Math.floor((ms - Math.floor(ms)) * NS_PER_MS));
}
