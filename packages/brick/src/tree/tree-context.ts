import { type Gfid, type Iatt, invariant } from "@brickshift/wire";
import { InTurn } from "../store/in-turn.js";
import type { BlobStat, BrickStore, Survives } from "../store/store.js";
import { CommitRecords } from "./commit-records.js";
import { Contents } from "./contents.js";
import { GatheredChanges } from "./gathered-changes.js";
import { iattOf } from "./inode-iatt.js";
import { type InodeRecord, isDirectory, isRegular } from "./inode-record.js";
import { type DirtyTimes, InodeTimes } from "./inode-times.js";
import { MigrationGuard } from "./migration-guard.js";
import { OpenInodes } from "./open-inodes.js";
import type { TreeOptions } from "./options.js";
import { RememberedRecords } from "./remembered-records.js";
import { TargetBound } from "./target-bound.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";
import { TreeChanges, type TreeRecords } from "./tree-records.js";

/** Wall clock of a tree: nanoseconds since 1970. */
export type WallClock = () => bigint;

/** What all calls of one tree share. */
export class TreeContext {
  readonly store: BrickStore;
  readonly options: TreeOptions;
  readonly clock: WallClock;
  /** Device number in attributes, the same for the whole brick and over restarts. */
  readonly dev: bigint;
  readonly records: TreeRecords;
  readonly times = new InodeTimes();
  readonly open: OpenInodes;
  readonly guard: MigrationGuard;
  readonly contents: Contents;
  /** What is made in the background, after a step of a migration. */
  readonly gathered: GatheredChanges;
  readonly commits: CommitRecords;
  readonly targets: TargetBound;
  /** Objects that are being made, each until it is made or has failed: their blob may be there before their record. */
  readonly creating = new Map<Gfid, Promise<unknown>>();
  /** Steps of migrations that end with an emptied blob, one at a time for each object: a later one fills it again. */
  readonly emptying = new InTurn();
  readonly #background = new Set<Promise<void>>();
  #isSpilling = false;

  constructor(store: BrickStore, options: TreeOptions, clock: WallClock) {
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.dev = BigInt(`0x${store.id.slice(0, 8)}`);
    this.records = new RememberedRecords(store.meta);
    this.open = new OpenInodes(options.holdsMax);
    this.guard = new MigrationGuard(this);
    this.contents = new Contents(this);
    this.gathered = new GatheredChanges(this);
    this.commits = new CommitRecords(this);
    this.targets = new TargetBound(options.targetsMax);
  }

  blobOf(gfid: Gfid, record: InodeRecord): BlobStat | undefined {
    return isRegular(record) ? this.contents.stat(gfid, record) : undefined;
  }

  /** Attributes now, times that wait in memory included. */
  iatt(gfid: Gfid, record = this.records.needInode(gfid)): Iatt {
    const blob = this.blobOf(gfid, record);
    return iattOf(gfid, this.times.settled(gfid, record, blob), blob, this.dev);
  }

  /**
   * Runs `work` as one transaction, then lets go of the blobs of what it removed.
   * @param survives "kill" for what a client asks of names and attributes and removes nothing: a power cut takes it back until
   *   it is synced, as on any file system. What removes, and the steps of a migration, are on disk before anybody hears of them.
   */
  async change<T>(work: (change: TreeChange) => T, survives?: Survives): Promise<T> {
    let change: TreeChange | undefined;
    try {
      const result = await this.store.meta.transact(
        (tx) => work((change = new TreeChange(tx, this, survives))),
        survives,
      );
      change?.commit();
      // Only now: the data goes after the record that refers to it is gone for good.
      await change?.removeBlobs();
      return result;
    } finally {
      change?.end();
    }
  }

  /** Notes that the content of a file changed now. Beyond the bound the times of the oldest are persisted. */
  touch(gfid: Gfid): void {
    this.times.touch(gfid, this.clock());
    if (this.#isSpilling || this.times.size <= this.options.dirtyTimesMax) return;
    this.#isSpilling = true;
    const oldest = this.times.oldest(Math.ceil(this.options.dirtyTimesMax / 4));
    this.inBackground(this.persistTimes(oldest).finally(() => (this.#isSpilling = false)));
  }

  /** Keeps the times of files that were written in their records; those of objects that are gone are forgotten. */
  async persistTimes(gfids: readonly Gfid[]): Promise<void> {
    const dirty = gfids.filter((gfid) => this.times.dirtyOf(gfid) !== undefined);
    if (dirty.length === 0) return;
    await this.change((change) => {
      for (const gfid of dirty) {
        if (change.inode(gfid) === undefined) this.times.drop(gfid);
        else change.putInode(gfid, change.settle(gfid));
      }
    }, "kill");
  }

  /** Makes the times of a file, and all records that anybody heard of, survive a power cut. */
  async syncTimes(gfid: Gfid): Promise<void> {
    await this.persistTimes([gfid]);
    await this.store.meta.sync();
  }

  /** Work that nobody waits for but `settled`; what it throws is left to the next start. */
  inBackground(work: Promise<unknown>): void {
    const settled: Promise<void> = work.then(
      () => void this.#background.delete(settled),
      () => void this.#background.delete(settled),
    );
    this.#background.add(settled);
  }

  /** Resolves when no work is left in the background. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}

/** One transaction on the tree. */
export class TreeChange extends TreeChanges {
  /** The one time of this change. */
  readonly nowNs: bigint;
  readonly #context: TreeContext;
  readonly #persisted = new Map<Gfid, DirtyTimes>();
  readonly #dying: Gfid[] = [];
  readonly #losingName: Gfid[] = [];
  readonly #blobs: Gfid[] = [];
  /** What the medium said of blobs within this change, which is one step: asking again would tell no more. */
  readonly #blobStats = new Map<Gfid, BlobStat | undefined>();
  readonly #survives: Survives | undefined;

  constructor(tx: ConstructorParameters<typeof TreeChanges>[0], context: TreeContext, survives?: Survives) {
    super(tx);
    this.#context = context;
    this.#survives = survives;
    this.nowNs = context.clock();
  }

  /** As {@link TreeContext.blobOf}; the medium is asked once. */
  blobOf(gfid: Gfid, record: InodeRecord): BlobStat | undefined {
    // What is kept is in the record, which may be another one the next time.
    if (!isRegular(record) || record.keptBytes !== undefined) return this.#context.blobOf(gfid, record);
    if (!this.#blobStats.has(gfid)) this.#blobStats.set(gfid, this.#context.blobOf(gfid, record));
    return this.#blobStats.get(gfid);
  }

  /** The record with the times that hold now, which the change is going to persist. @throws TreeError `TREE_STALE`. */
  settle(gfid: Gfid): InodeRecord {
    const record = this.needInode(gfid);
    const dirty = this.#context.times.dirtyOf(gfid);
    if (dirty !== undefined) this.#persisted.set(gfid, dirty);
    return this.#context.times.settled(gfid, record, this.blobOf(gfid, record));
  }

  /** Content to be kept with the record, of which `keptBytes` is its length. The change copies it. */
  putContent(gfid: Gfid, content: Uint8Array): void {
    if (content.length === 0) this.deleteBytes(RecordKind.content, gfid);
    else this.putBytes(RecordKind.content, gfid, Uint8Array.from(content));
  }

  /** A directory that takes names. @throws TreeError `TREE_STALE`, `TREE_NOT_DIRECTORY`. */
  directory(gfid: Gfid): InodeRecord {
    const record = this.needInode(gfid);
    if (!isDirectory(record)) throw new TreeError("TREE_NOT_DIRECTORY", `${gfid} is no directory`);
    if (record.nlink === 0) throw new TreeError("TREE_STALE", `directory ${gfid} was removed`);
    return record;
  }

  /** Attributes of a record as it is in this change. */
  iatt(gfid: Gfid, record: InodeRecord): Iatt {
    return iattOf(gfid, record, this.blobOf(gfid, record), this.#context.dev);
  }

  /** A directory after a name came or went. */
  putParent(gfid: Gfid, record: InodeRecord, subdirectories = 0): InodeRecord {
    const nlink = record.nlink + subdirectories;
    return this.putInode(gfid, { ...record, nlink, mtimeNs: this.nowNs, ctimeNs: this.nowNs });
  }

  /** Takes one name (of a directory: the only one) from an object; the object goes with the last, unless it is held. */
  dropName(gfid: Gfid): number {
    const settled = this.settle(gfid);
    const nlink = isDirectory(settled) ? 0 : settled.nlink - 1;
    if (nlink > 0) {
      this.putInode(gfid, { ...settled, nlink, ctimeNs: this.nowNs });
    } else if (this.#context.open.isHeld(gfid)) {
      // Nothing can be published at a name that is gone: what is left is a plain unlinked file.
      this.putInode(gfid, { ...settled, nlink: 0, target: undefined, ctimeNs: this.nowNs });
      this.putPending(gfid, "remove");
      this.#context.open.startLosingName(gfid);
      this.#losingName.push(gfid);
    } else {
      this.removeObject(gfid, settled);
    }
    return nlink;
  }

  /** Deletes the record; the blob follows when the change is durable. */
  removeObject(gfid: Gfid, record: InodeRecord): void {
    invariant(this.#survives !== "kill", "a power cut brings no record back whose blob is gone");
    this.deleteInode(gfid);
    this.#context.open.startDying(gfid);
    this.#dying.push(gfid);
    // What keeps its content may have a blob that an attempt to make one has left.
    if (isRegular(record)) this.#blobs.push(gfid);
  }

  /** The change survives what it has to. */
  commit(): void {
    for (const [gfid, dirty] of this.#persisted) this.#context.times.forget(gfid, dirty);
    for (const gfid of this.#dying) this.#context.times.drop(gfid);
  }

  /** A blob that cannot be removed is left without an owner, for fsck to find; the object is gone all the same. */
  async removeBlobs(): Promise<void> {
    await Promise.allSettled(this.#blobs.map((gfid) => this.#context.store.data.remove(gfid)));
  }

  /** The change is over, well or not. */
  end(): void {
    for (const gfid of this.#dying) this.#context.open.stopDying(gfid);
    for (const gfid of this.#losingName) this.#context.open.stopLosingName(gfid);
  }
}
