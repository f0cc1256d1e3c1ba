import {
  type BrickStore,
  createMemoryStore,
  type DataStore,
  keptContent,
  keyText,
  type MemoryMedium,
  type MetaEntry,
  type MetaStore,
  type MetaTransaction,
  StoreError,
} from "@brickshift/brick";
import type { SeededRandom } from "@brickshift/testkit";
import type { Gfid } from "@brickshift/wire";
import type { VirtualProcess } from "./virtual-process.js";

/** What was brought to the disk of one blob. */
interface Synced {
  readonly content: Uint8Array;
}

/** Bytes that a disk writes in one piece: what a power cut leaves of a blob is old or new page by page. */
const PAGE_BYTES = 4_096;

/** What is wrong with the medium of a brick now. */
export interface MediumTrouble {
  /** Share of reads and writes of data that fail with an error of the disk, 0 to 1. */
  errorShare: number;
  isFull: boolean;
}

/** What keys of the records were before a transaction changed them. */
type Undo = Map<string, MetaEntry | undefined>;

/** The disk of a brick: a memory medium that outlives processes, of which a power cut takes what was not synced. */
export class VirtualDisk {
  readonly medium: MemoryMedium;
  readonly trouble: MediumTrouble = { errorShare: 0, isFull: false };
  /** How many transactions power cuts have taken back. */
  lostChanges = 0;
  /** How many contents that were kept with their record got a blob. */
  contentsMoved = 0;
  readonly #random: SeededRandom;
  readonly #synced = new Map<Gfid, Synced>();
  readonly #dirty = new Set<Gfid>();
  /** Of transactions that need not survive a power cut, since the last that does. */
  readonly #unsynced: Undo[] = [];

  constructor(medium: MemoryMedium, random: SeededRandom) {
    this.medium = medium;
    this.#random = random;
  }

  /** A store on the disk for one life of a process. */
  open(process: VirtualProcess, wallNowMs: () => number): BrickStore {
    const store = createMemoryStore(this.medium, { wallNowMs });
    const turns = new Turns(process, this.#random);
    return { ...store, meta: this.#meta(store.meta, turns), data: this.#data(store.data, turns) };
  }

  /** What a kill leaves: everything. */
  crash(): void {
    this.medium.crash();
  }

  /** What a power cut leaves: what was synced, and of the rest what the disk happened to have written. */
  cutPower(): void {
    this.medium.crash();
    this.#undoLatest();
    for (const gfid of this.#dirty) {
      const blob = this.medium.blobs.get(gfid);
      if (blob === undefined) continue;
      const now = contentOf(blob);
      const before = this.#synced.get(gfid)?.content ?? new Uint8Array(0);
      const left = new Uint8Array(this.#random.chance(0.5) ? now.length : before.length);
      for (let at = 0; at < left.length; at += PAGE_BYTES) {
        const from = this.#random.chance(0.5) ? now : before;
        left.set(from.subarray(at, Math.min(at + PAGE_BYTES, left.length)), at);
      }
      this.#synced.set(gfid, { content: left });
      if (Buffer.compare(left, now) === 0) continue;
      blob.truncate(0);
      blob.write(0, left, () => {});
      blob.truncate(left.length);
    }
    this.#dirty.clear();
  }

  /** The bytes of a file, read past any store: for the world, which sees everything. */
  contentOf(gfid: Gfid): Uint8Array | undefined {
    const blob = this.medium.blobs.get(gfid);
    return this.#keptContent(gfid) ?? (blob && contentOf(blob));
  }

  #keptContent(gfid: Gfid): Uint8Array | undefined {
    const { meta } = this.medium;
    return keptContent({ get: (key) => meta.get(keyText(key))?.value, range: () => [] }, gfid);
  }

  /** Records come to the disk in order: the latest transactions are gone, from one of them on. */
  #undoLatest(): void {
    const { length } = this.#unsynced;
    const kept = length === 0 ? 0 : this.#random.below(length + 1);
    this.lostChanges += length - kept;
    for (const undo of this.#unsynced.splice(0).slice(kept).toReversed()) {
      for (const [key, before] of undo) {
        if (before === undefined) this.medium.meta.delete(key);
        else this.medium.meta.set(key, before);
      }
    }
  }

  #meta(meta: MetaStore, turns: Turns): MetaStore {
    return {
      get: (key) => meta.get(key),
      range: (range) => meta.range(range),
      version: () => meta.version(),
      share: () => meta.share(),
      transact: (work, survives = "power-cut") =>
        turns.take("", async () => {
          this.#needGoodLuck(0.5);
          const undo: Undo = new Map();
          const result = await meta.transact((tx) => {
            const done = work(this.#watched(tx, undo));
            if (!tx.mayUseReserve) this.#needRoom();
            return done;
          });
          if (survives === "kill") this.#unsynced.push(undo);
          else this.#unsynced.length = 0;
          // The records are there, and only their way to the disk failed: what lmdb tells when a sync fails.
          this.#needGoodLuck();
          return result;
        }),
      sync: () =>
        turns.take("", async () => {
          this.#needGoodLuck();
          await meta.sync();
          this.#unsynced.length = 0;
        }),
    };
  }

  /** A transaction that notes what its keys were before. */
  #watched(tx: MetaTransaction, undo: Undo): MetaTransaction {
    const note = (key: Uint8Array) => {
      const text = keyText(key);
      if (!undo.has(text)) undo.set(text, this.medium.meta.get(text));
    };
    return {
      get: (key) => tx.get(key),
      range: (range) => tx.range(range),
      put: (key, value) => (note(key), tx.put(key, value)),
      delete: (key) => (note(key), tx.delete(key)),
      useReserve: () => tx.useReserve(),
      get mayUseReserve() {
        return tx.mayUseReserve;
      },
    };
  }

  #data(data: DataStore, turns: Turns): DataStore {
    const change = <T>(gfid: Gfid, grows: boolean, work: () => Promise<T>) =>
      turns.take(gfid, () => {
        if (grows) this.#needRoom();
        this.#needGoodLuck();
        this.#dirty.add(gfid);
        return work();
      });
    return {
      create: (gfid) =>
        turns.take(gfid, async () => {
          await data.create(gfid);
          if (this.#keptContent(gfid) !== undefined) this.contentsMoved += 1;
        }),
      read: async (gfid, offset, into) => {
        await turns.pause();
        this.#needGoodLuck();
        return data.read(gfid, offset, into);
      },
      write: (gfid, offset, bytes) => change(gfid, true, () => data.write(gfid, offset, bytes)),
      append: (gfid, bytes) => change(gfid, true, () => data.append(gfid, bytes)),
      truncate: (gfid, size) => change(gfid, false, () => data.truncate(gfid, size)),
      grow: (gfid, size) => change(gfid, false, () => data.grow(gfid, size)),
      zero: (gfid, offset, length) => change(gfid, false, () => data.zero(gfid, offset, length)),
      sync: (gfid) =>
        turns.take(gfid, async () => {
          await data.sync(gfid);
          const blob = this.medium.blobs.get(gfid);
          if (blob !== undefined && this.#dirty.delete(gfid)) {
            this.#synced.set(gfid, { content: contentOf(blob) });
          }
        }),
      remove: (gfid) =>
        turns.take(gfid, () => {
          this.#synced.delete(gfid);
          this.#dirty.delete(gfid);
          return data.remove(gfid);
        }),
      stat: (gfid) => data.stat(gfid),
      seek: (gfid, offset, what) => data.seek(gfid, offset, what),
      list: () => data.list(),
      space: () => data.space(),
    };
  }

  #needRoom(): void {
    if (this.trouble.isFull) throw new StoreError("STORE_NO_SPACE", "the disk is full");
  }

  /** @param part of those that would fail, so many do. */
  #needGoodLuck(part = 1): void {
    if (this.trouble.errorShare > 0 && this.#random.chance(this.trouble.errorShare * part)) {
      throw new StoreError("STORE_IO", "the disk says no");
    }
  }
}

function contentOf(blob: {
  readonly size: number;
  read(offset: number, into: Uint8Array): number;
}): Uint8Array {
  const content = new Uint8Array(blob.size);
  blob.read(0, content);
  return content;
}

/** Carries out the changes under one key in the order of the calls, each taking its time before and after. */
class Turns {
  readonly #process: VirtualProcess;
  readonly #random: SeededRandom;
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(process: VirtualProcess, random: SeededRandom) {
    this.#process = process;
    this.#random = random;
  }

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = this.#after(before, work);
    const settled = mine.catch(() => {});
    this.#last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
      await this.pause();
    }
  }

  /** Mostly nothing, sometimes a while: never anything once the process is dead. */
  async pause(): Promise<void> {
    if (this.#process.isDead) return new Promise(() => {});
    if (this.#random.chance(0.6)) return undefined;
    return this.#process.pause(this.#random.next() ** 2 * (this.#random.chance(0.1) ? 80 : 3));
  }

  async #after<T>(before: Promise<unknown> | undefined, work: () => Promise<T>): Promise<T> {
    await before;
    await this.pause();
    return work();
  }
}
