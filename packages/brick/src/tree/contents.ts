import { type Gfid, isProtocolError } from "@brickshift/wire";
import type { BlobStat, DataStore, MetaReader } from "../store/store.js";
import { release } from "./data-calls.js";
import type { InodeRecord } from "./inode-record.js";
import type { TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";
import { TreeRecords } from "./tree-records.js";

const noContent = new Uint8Array();

/**
 * The content that a file keeps with its record; `undefined` when it has a blob, or is not there. For whoever looks at a store past
 * its tree. @throws TreeError `TREE_DAMAGED`.
 */
export function keptContent(meta: MetaReader, gfid: Gfid): Uint8Array | undefined {
  const records = new TreeRecords(meta);
  const keptBytes = records.inode(gfid)?.keptBytes;
  return keptBytes === undefined ? undefined : contentOf(records, gfid, keptBytes);
}

function contentOf(records: TreeRecords, gfid: Gfid, keptBytes: number): Uint8Array {
  if (keptBytes === 0) return noContent;
  const content = records.bytesOf(RecordKind.content, gfid);
  if (content?.length === keptBytes) return content;
  throw new TreeError("TREE_DAMAGED", `the content of ${gfid} is gone; run fsck`);
}

/**
 * The content of regular files. Each has a blob, or keeps its content with its record: a small file that was put whole, until
 * somebody changes it.
 *
 * The record decides. What is kept is in a blob, on the disk, before a record refers to that. A kill in between leaves a blob that
 * no record refers to; the next attempt writes over it, and the next start removes it.
 *
 * Reads take the record as it is now: nothing may have been waited for since it was read.
 */
export class Contents {
  readonly #context: TreeContext;
  readonly #data: DataStore;
  /** Files that are getting a blob. */
  readonly #moving = new Map<Gfid, Promise<void>>();

  constructor(context: TreeContext) {
    this.#context = context;
    this.#data = context.store.data;
  }

  /** As `DataStore.stat`. */
  stat(gfid: Gfid, { keptBytes }: InodeRecord): BlobStat | undefined {
    if (keptBytes === undefined) return this.#data.stat(gfid);
    return { size: keptBytes, blocks: Math.ceil(keptBytes / 512), wallModifiedMs: 0 };
  }

  /** As `DataStore.read`. @throws TreeError (as rejection) `TREE_DAMAGED`. */
  async read(gfid: Gfid, record: InodeRecord, offset: number, into: Uint8Array): Promise<number> {
    if (record.keptBytes === undefined) return this.#data.read(gfid, offset, into);
    const bytes = contentOf(this.#context.records, gfid, record.keptBytes).subarray(
      offset,
      offset + into.length,
    );
    into.set(bytes);
    return bytes.length;
  }

  /** As `DataStore.seek`. */
  async seek(
    gfid: Gfid,
    { keptBytes }: InodeRecord,
    offset: number,
    what: "data" | "hole",
  ): Promise<number | undefined> {
    if (keptBytes === undefined) return this.#data.seek(gfid, offset, what);
    if (offset >= keptBytes) return undefined;
    return what === "data" ? offset : keptBytes;
  }

  /** As `DataStore.sync`; what is kept survives as its record does, and that is for `MetaStore.sync`. */
  async sync(gfid: Gfid, { keptBytes }: InodeRecord): Promise<void> {
    if (keptBytes === undefined) await this.#data.sync(gfid);
  }

  /**
   * Runs `work`, which changes the content by `DataStore`, on the record that `admit` gives as soon as the content is in a blob; nothing
   * comes between the two. Those who wait for the blob go on in the order in which they asked, before anybody who comes later.
   */
  async change<T>(
    gfid: Gfid,
    admit: () => InodeRecord,
    work: (record: InodeRecord) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const record = admit();
      const moving = this.#toBlob(gfid, record);
      if (moving === undefined) return work(record);
      await moving;
    }
  }

  /** `undefined` when the content is in a blob. */
  #toBlob(gfid: Gfid, { keptBytes }: InodeRecord): Promise<void> | undefined {
    const moving = this.#moving.get(gfid);
    if (moving !== undefined || keptBytes === undefined) return moving;
    const begun = this.#move(gfid, keptBytes);
    const end = () => void this.#moving.delete(gfid);
    // The first to hear of it, so that those who wait find it ended.
    void begun.then(end, end);
    this.#moving.set(gfid, begun);
    return begun;
  }

  async #move(gfid: Gfid, keptBytes: number): Promise<void> {
    // If the last name goes meanwhile, the object goes after this.
    this.#context.open.hold(gfid);
    try {
      await this.#moveKept(gfid, contentOf(this.#context.records, gfid, keptBytes));
    } finally {
      release(this.#context, gfid);
    }
  }

  /**
   * A transaction that fails may be made all the same, and show some time later: once one was tried, a blob is removed only when the
   * record, within another one, says that its content is not there.
   */
  async #moveKept(gfid: Gfid, kept: Uint8Array): Promise<void> {
    await this.#fillBlob(gfid, kept);
    const isEmptied = await this.#context.change((change) => {
      const record = change.inode(gfid);
      if (record?.keptBytes !== kept.length) return record?.keptBytes !== undefined;
      change.putContent(gfid, noContent);
      const dataStampMs = this.#data.stat(gfid)?.wallModifiedMs ?? 0;
      change.putInode(gfid, { ...record, keptBytes: undefined, dataStampMs });
      return false;
    }, "kill");
    // A step of a migration has taken the content away meanwhile, and the blob has what was there before.
    if (isEmptied) await this.#data.remove(gfid);
  }

  async #fillBlob(gfid: Gfid, kept: Uint8Array): Promise<void> {
    const isNew = await this.#data.create(gfid).then(
      () => true,
      (error: unknown) => {
        if (isProtocolError(error) && error.code === "STORE_BLOB_EXISTS") return false;
        throw error;
      },
    );
    try {
      await this.#data.truncate(gfid, kept.length);
      if (kept.length > 0) await this.#data.write(gfid, 0, kept);
      await this.#data.sync(gfid);
    } catch (error) {
      if (isNew) await this.#data.remove(gfid).catch(() => {});
      throw error;
    }
  }
}
