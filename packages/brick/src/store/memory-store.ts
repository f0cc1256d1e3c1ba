import type { Gfid } from "@brickshift/wire";
import { BufferedTransaction, keyText } from "./buffered-transaction.js";
import { MemoryBlob } from "./memory-blobs.js";
import { hostWallMs, randomGfid } from "../host-driver.js";
import { SortedMap } from "./sorted-map.js";
import type { BrickStore, DataStore, MetaEntry, MetaStore } from "./store.js";
import { StoreError } from "./store-error.js";

/** What a memory store does when it is not told otherwise. */
export interface MemoryStoreOptions {
  /** Wall clock of the medium, in ms. The machine's when absent. */
  readonly wallNowMs?: () => number;
  /** Room for blobs, in bytes; more is refused with `STORE_NO_SPACE`. 1 TiB when absent. */
  readonly roomBytesMax?: number;
}

/** What a memory store writes to: it outlives the store, as a disk does. */
export class MemoryMedium {
  readonly id: Gfid;
  readonly meta = new SortedMap<MetaEntry>();
  readonly blobs = new Map<Gfid, MemoryBlob>();
  bootCount = 0;
  wasClosed = true;
  /** Grows with each opening and each crash: a store of an earlier number is dead. */
  incarnation = 0;
  isOpen = false;

  /** @param id identity of the store; a random one by default. */
  constructor(id: Gfid = randomGfid()) {
    this.id = id;
  }

  /** What a kill of the process leaves: everything that was done; the store that was open refuses from now on. */
  crash(): void {
    this.incarnation += 1;
    this.isOpen = false;
  }
}

/**
 * A brick's store in memory. Opened again on the same `medium` it holds what it held.
 * @throws StoreError `STORE_LOCKED` when the medium is open already.
 */
export function createMemoryStore(medium = new MemoryMedium(), options: MemoryStoreOptions = {}): BrickStore {
  if (medium.isOpen) throw new StoreError("STORE_LOCKED", "the medium is open; close the other store first");
  medium.isOpen = true;
  medium.incarnation += 1;
  medium.bootCount += 1;
  const { incarnation } = medium;
  const { wasClosed, bootCount, id } = medium;
  medium.wasClosed = false;
  const check = () => {
    if (medium.incarnation !== incarnation) throw new StoreError("STORE_CLOSED", "the store is closed");
  };
  return {
    meta: memoryMeta(medium, check),
    data: memoryData(medium, check, options),
    id,
    bootCount,
    wasClosed,
    check: async () => check(),
    async close() {
      if (medium.incarnation !== incarnation) return;
      // Transactions that were asked for before run first: they wait for one microtask.
      await Promise.resolve();
      await Promise.resolve();
      medium.wasClosed = true;
      medium.crash();
    },
  };
}

function memoryMeta(medium: MemoryMedium, check: () => void): MetaStore {
  const reader = {
    get: (key: Uint8Array) => (check(), medium.meta.get(keyText(key))?.value),
    range: ({
      from,
      to,
      limit = Number.MAX_SAFE_INTEGER,
      reverse = false,
    }: Parameters<MetaStore["range"]>[0]) => {
      check();
      return medium.meta.range(keyText(from), keyText(to), limit, reverse).map(([, entry]) => entry);
    },
  };
  let version = 0;
  return {
    ...reader,
    version: () => (check(), version),
    share: () => (check(), 0),
    async transact(work) {
      check();
      // The result is later for every store, so that nobody comes to rely on its being at once.
      await Promise.resolve();
      check();
      const tx = new BufferedTransaction(reader);
      const result = work(tx);
      version += 1;
      for (const { key, value } of tx.changes()) {
        if (value === undefined) medium.meta.delete(keyText(key));
        else medium.meta.set(keyText(key), { key, value });
      }
      return result;
    },
    // A power cut is nothing that memory knows.
    sync: async () => check(),
  };
}

function memoryData(medium: MemoryMedium, check: () => void, options: MemoryStoreOptions): DataStore {
  const wallNowMs = options.wallNowMs ?? hostWallMs;
  const roomBytesMax = options.roomBytesMax ?? 2 ** 40;
  let takenBytes = [...medium.blobs.values()].reduce((sum, blob) => sum + blob.roomBytes, 0);

  const blobOf = (gfid: Gfid) => {
    check();
    const blob = medium.blobs.get(gfid);
    if (blob === undefined) throw new StoreError("STORE_BLOB_MISSING", `no blob ${gfid}`);
    return blob;
  };
  const change = <T>(gfid: Gfid, work: (blob: MemoryBlob) => T): T => {
    const blob = blobOf(gfid);
    const before = blob.roomBytes;
    const result = work(blob);
    takenBytes += blob.roomBytes - before;
    blob.wallModifiedMs = wallNowMs();
    return result;
  };
  const takeRoom = (bytes: number) => {
    if (bytes > 0 && takenBytes + bytes > roomBytesMax) {
      throw new StoreError("STORE_NO_SPACE", `${roomBytesMax} bytes are taken`);
    }
  };
  return {
    async create(gfid) {
      check();
      if (medium.blobs.has(gfid)) throw new StoreError("STORE_BLOB_EXISTS", `blob ${gfid}`);
      medium.blobs.set(gfid, new MemoryBlob(gfid, wallNowMs()));
    },
    read: async (gfid, offset, into) => blobOf(gfid).read(offset, into),
    write: async (gfid, offset, bytes) => change(gfid, (blob) => blob.write(offset, bytes, takeRoom)),
    append: async (gfid, bytes) =>
      change(gfid, (blob) => {
        const offset = blob.size;
        blob.write(offset, bytes, takeRoom);
        return offset;
      }),
    truncate: async (gfid, size) => change(gfid, (blob) => blob.truncate(size)),
    grow: async (gfid, size) => change(gfid, (blob) => blob.truncate(Math.max(size, blob.size))),
    zero: async (gfid, offset, length) => change(gfid, (blob) => blob.zero(offset, length)),
    sync: async (gfid) => void blobOf(gfid),
    async remove(gfid) {
      check();
      takenBytes -= medium.blobs.get(gfid)?.roomBytes ?? 0;
      medium.blobs.delete(gfid);
    },
    stat(gfid) {
      check();
      const blob = medium.blobs.get(gfid);
      if (blob === undefined) return undefined;
      return { size: blob.size, blocks: blob.roomBytes / 512, wallModifiedMs: blob.wallModifiedMs };
    },
    seek: async (gfid, offset, what) => blobOf(gfid).seek(offset, what),
    async *list() {
      check();
      yield* medium.blobs.keys();
    },
    space() {
      check();
      const blocks = Math.floor(roomBytesMax / 4096);
      const blocksFree = blocks - Math.ceil(takenBytes / 4096);
      return {
        blockBytes: 4096,
        blocks,
        blocksFree,
        blocksAvailable: blocksFree,
        files: 2 ** 32,
        filesFree: 2 ** 32 - medium.blobs.size,
        nameBytesMax: 255,
      };
    },
  };
}
