import type { Gfid } from "@brickshift/wire";

/** One pair of a {@link MetaReader.range}. The store owns both buffers: read them before the next call, or copy. */
export interface MetaEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Bounds of a range scan, keys compared as unsigned bytes. */
export interface MetaRange {
  /** First key of the range, inclusive. */
  readonly from: Uint8Array;
  /** End of the range, exclusive. */
  readonly to: Uint8Array;
  /** Most entries to give; all when absent. */
  readonly limit?: number;
  /** From the last key of the range to the first. */
  readonly reverse?: boolean;
}

/** Synchronous reads of an ordered map from bytes to bytes. */
export interface MetaReader {
  /** The value of `key`; the caller may keep it and must not change it. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** The entries of a range in order. The map must not change while the caller iterates: consume it at once. */
  range(range: MetaRange): Iterable<MetaEntry>;
}

/** What the work of one transaction may do. It sees its own writes. Not to be used after the work returned. */
export interface MetaTransaction extends MetaReader {
  /** Keys have 1 to {@link META_KEY_BYTES_MAX} bytes, values at least one. The store copies neither buffer: leave them alone afterwards. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** Nothing happens when the key is not there. */
  delete(key: Uint8Array): void;
  /** The change makes room by what follows it: it may take of the room that is kept for removals. */
  useReserve(): void;
  /** Whether a full medium takes this: it makes the records no larger so far, or has called {@link MetaTransaction.useReserve}. */
  readonly mayUseReserve: boolean;
}

/** Longest key of a {@link MetaStore}, in bytes. */
export const META_KEY_BYTES_MAX = 512;

/**
 * What does not take a transaction back once it has resolved: a power cut of the machine (nor a kill), or no more than a kill of
 * the process. A power cut takes the latest of those, never one without all that came after it.
 */
export type Survives = "power-cut" | "kill";

/** The namespace and the inode records: an ordered map with atomic, durable transactions. */
export interface MetaStore extends MetaReader {
  /**
   * Runs `work` synchronously, some time later but in the order of the calls, on the state that all earlier
   * transactions left. Resolves with its result once it survives what it has to, a power cut unless told otherwise, and all
   * earlier ones with it. When `work` throws, nothing of it is kept and the promise rejects with what it threw.
   * Reads outside see a transaction at the latest when its promise resolves, perhaps a little earlier.
   * A full medium refuses what makes the records larger; for removals, and what says `useReserve`, room is kept.
   * @throws StoreError (as rejection) `STORE_IO`, `STORE_NO_SPACE`, `STORE_CLOSED`; nothing is kept then.
   */
  transact<T>(work: (tx: MetaTransaction) => T, survives?: Survives): Promise<T>;
  /**
   * Makes every transaction that has resolved survive a power cut.
   * @throws StoreError (as rejection) `STORE_IO`, `STORE_NO_SPACE`, `STORE_CLOSED`; a later call may succeed.
   */
  sync(): Promise<void>;
  /**
   * A number that is another one as soon as a read outside may give something else than before; `undefined` while that may happen
   * at any moment. What was read under one number holds as long as it stays. @throws StoreError `STORE_CLOSED`.
   */
  version(): number | undefined;
  /** Part of the medium that the records take, 0 to 1. They may not give it back when they become fewer. @throws StoreError `STORE_IO`. */
  share(): number;
}

/** Attributes of a blob that only the medium knows. */
export interface BlobStat {
  /** Length in bytes. */
  readonly size: number;
  /** Room taken, in units of 512 bytes; 0 tells that the whole blob is a hole. */
  readonly blocks: number;
  /** Wall clock milliseconds (with fraction) of the last change of the content, by the medium's own clock. */
  readonly wallModifiedMs: number;
}

/** Room of the medium; all counts in units of `blockBytes`. */
export interface StoreSpace {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
  readonly nameBytesMax: number;
}

/**
 * The content of regular files: one blob of bytes for each gfid.
 *
 * Changes of one blob are carried out one at a time in the order of the calls; blobs do not wait for each
 * other. A resolved change is seen by every later read, and survives a kill of the process; it survives a
 * power cut only after `sync`. Bytes never written read as zero.
 *
 * All reject with StoreError: `STORE_BLOB_MISSING` when there is no such blob, `STORE_IO`, `STORE_NO_SPACE`,
 * `STORE_FILE_TOO_BIG`, `STORE_FILES_MAX`, `STORE_READ_ONLY`, `STORE_CLOSED`.
 */
export interface DataStore {
  /** Makes an empty blob. @throws StoreError `STORE_BLOB_EXISTS`. */
  create(gfid: Gfid): Promise<void>;
  /** Fills `into` from `offset` and gives the number of bytes read, fewer only at the end of the blob. */
  read(gfid: Gfid, offset: number, into: Uint8Array): Promise<number>;
  /** Writes all of `bytes`, growing the blob when needed. The caller leaves `bytes` alone until it resolves. */
  write(gfid: Gfid, offset: number, bytes: Uint8Array): Promise<void>;
  /** Writes at the end of the blob and resolves with the offset at which the bytes are. */
  append(gfid: Gfid, bytes: Uint8Array): Promise<number>;
  /** Cuts or grows (with a hole) to `size`. */
  truncate(gfid: Gfid, size: number): Promise<void>;
  /** Grows (with a hole) to `size`; a blob that is longer stays as it is. */
  grow(gfid: Gfid, size: number): Promise<void>;
  /**
   * Makes `[offset, offset + length)` read as zero without changing the size: a hole where the medium can, so
   * that what lies before and after stays as it is. What is beyond the end is left alone.
   */
  zero(gfid: Gfid, offset: number, length: number): Promise<void>;
  /** Makes everything written so far, and the blob's existence, survive a power cut. */
  sync(gfid: Gfid): Promise<void>;
  /** Removes the blob; success when there is none. Reads and writes under way may still end well. */
  remove(gfid: Gfid): Promise<void>;
  /** Attributes now; `undefined` when there is no such blob. Synchronous: for every reply carries them. */
  stat(gfid: Gfid): BlobStat | undefined;
  /**
   * First offset at or after `offset` that may hold data, or that is in a hole; `undefined` when there is no
   * data after `offset`. What reads as zero may be told to be data; what is not zero is never told to be a hole.
   */
  seek(gfid: Gfid, offset: number, what: "data" | "hole"): Promise<number | undefined>;
  /** Every blob there is, in no order. For fsck and the start after a crash; nobody else writes meanwhile. */
  list(): AsyncIterable<Gfid>;
  /** Room of the medium. */
  space(): StoreSpace;
}

/**
 * Where a brick keeps its files. Two kinds: `createMemoryStore`, and `openDiskStore` of
 * `@brickshift/brick/store-disk`; what both promise is the suite `@brickshift/brick/store-compliance`.
 */
export interface BrickStore {
  readonly meta: MetaStore;
  readonly data: DataStore;
  /** Identity of the store, made with it: the brick id. Same text form as a gfid. */
  readonly id: Gfid;
  /** 1 at the first opening and one more at each: durable before the store is handed out. */
  readonly bootCount: number;
  /** Whether the last user closed the store in order; then no blob is without an owner. */
  readonly wasClosed: boolean;
  /**
   * Writes to the medium and reads it back, blobs and records, and finds out whether it is the one that was opened. May be called
   * while everything else goes on.
   * @throws StoreError (as rejection) with what is wrong, `STORE_IO` in most cases; `STORE_NO_SPACE` when the medium answers
   *   and is full; `STORE_CLOSED`.
   */
  check(): Promise<void>;
  /** Waits for what is under way, then lets go of the medium. Twice is as good as once. */
  close(): Promise<void>;
}
