import {
  decodeName,
  FileType,
  type Gfid,
  gfidFromBytes,
  gfidToBytes,
  nameToBytes,
  ROOT_GFID,
  XdrReader,
  XdrWriter,
} from "@brickshift/wire";
import type { MetaReader, MetaTransaction } from "../store/store.js";
import { decodeInode, encodeInode, type InodeRecord } from "./inode-record.js";
import type { Link } from "./tree.js";
import { TreeError } from "./tree-error.js";
import {
  cookieKey,
  kindRange,
  linkKey,
  nameKey,
  objectKey,
  parseLinkKey,
  prefixRange,
  rangeAfter,
  RecordKind,
} from "./tree-keys.js";

/** A name in a directory, as it is stored. */
export interface EntryRecord {
  readonly name: string;
  readonly gfid: Gfid;
  /** Type bits of the object's mode. */
  readonly type: number;
  readonly cookie: bigint;
}

/** What a killed process left to do: remove an unlinked object that was held, or empty the blob of one that moved. */
export type PendingWork = "remove" | "empty";

/** Cookies of "." and ".."; those of names are greater. */
export const DOT_COOKIE = 1n;
export const DOT_DOT_COOKIE = 2n;
/** First cookie of a name in a new directory. */
export const FIRST_COOKIE = 3n;
const COOKIE_END = 1n << 63n;

/** Typed reads of the namespace's records. @throws TreeError `TREE_DAMAGED` for a record that does not decode. */
export class TreeRecords {
  readonly #meta: MetaReader;

  constructor(meta: MetaReader) {
    this.#meta = meta;
  }

  inode(gfid: Gfid): InodeRecord | undefined {
    const bytes = this.#meta.get(objectKey(RecordKind.inode, gfid));
    return bytes && decodeOr(() => decodeInode(bytes), `inode ${gfid}`);
  }

  /** @throws TreeError `TREE_STALE`. */
  needInode(gfid: Gfid): InodeRecord {
    const record = this.inode(gfid);
    if (record === undefined) throw new TreeError("TREE_STALE", `no object ${gfid}`);
    return record;
  }

  entry(parent: Gfid, name: string): EntryRecord | undefined {
    const bytes = this.#meta.get(nameKey(parent, nameToBytes(name)));
    return bytes && decodeOr(() => decodeEntry(bytes, name), `name in ${parent}`);
  }

  /** At most `limit` entries with a cookie greater than `cookie`, in their order. */
  entriesAfter(parent: Gfid, cookie: bigint, limit: number): EntryRecord[] {
    const from = cookieKey(parent, cookie < FIRST_COOKIE ? FIRST_COOKIE : cookie + 1n);
    const entries: EntryRecord[] = [];
    for (const { value } of this.#meta.range({ from, to: cookieKey(parent, COOKIE_END), limit })) {
      entries.push(decodeOr(() => decodeEntry(value), `entry of ${parent}`));
    }
    return entries;
  }

  isEmpty(directory: Gfid): boolean {
    return this.entriesAfter(directory, 0n, 1).length === 0;
  }

  /** The names of an object, at most `limit`. */
  links(gfid: Gfid, limit?: number): Link[] {
    const range = prefixRange(objectKey(RecordKind.link, gfid));
    const entries = this.#meta.range(limit === undefined ? range : { ...range, limit });
    return [...entries].map(({ key }) => {
      const { parent, name } = parseLinkKey(key);
      return { parent, name: decodeName(name) };
    });
  }

  /** The directory that a directory is in; the root is in itself. */
  parentOf(directory: Gfid): Gfid {
    if (directory === ROOT_GFID) return ROOT_GFID;
    const [link] = this.links(directory, 1);
    if (link === undefined) throw new TreeError("TREE_STALE", `directory ${directory} has no name`);
    return link.parent;
  }

  /** All objects of a kind that has one record each; those with a greater gfid than `after`, at most `limit`, when told. */
  objects(kind: RecordKind, after?: Gfid, limit?: number): Gfid[] {
    const range = after === undefined ? kindRange(kind) : rangeAfter(kind, after);
    const entries = this.#meta.range(limit === undefined ? range : { ...range, limit });
    return [...entries].map(({ key }) => gfidFromBytes(key, 1));
  }

  /** The bytes of one record of a kind that has one for each object. */
  bytesOf(kind: RecordKind, gfid: Gfid): Uint8Array | undefined {
    return this.#meta.get(objectKey(kind, gfid));
  }

  pendingWork(gfid: Gfid): PendingWork | undefined {
    const bytes = this.#meta.get(objectKey(RecordKind.pending, gfid));
    return bytes && (bytes[0] === 1 ? "remove" : "empty");
  }
}

/** Typed changes of the namespace's records within one transaction. */
export class TreeChanges extends TreeRecords {
  readonly #tx: MetaTransaction;

  constructor(tx: MetaTransaction) {
    super(tx);
    this.#tx = tx;
  }

  /** See {@link MetaTransaction.useReserve}. */
  useReserve(): void {
    this.#tx.useReserve();
  }

  putInode(gfid: Gfid, record: InodeRecord): InodeRecord {
    this.#tx.put(objectKey(RecordKind.inode, gfid), encodeInode(record));
    const target = objectKey(RecordKind.target, gfid);
    if (record.target !== undefined) this.#tx.put(target, noBytes);
    else if (this.#tx.get(target) !== undefined) this.#tx.delete(target);
    return record;
  }

  deleteInode(gfid: Gfid): void {
    this.#tx.delete(objectKey(RecordKind.inode, gfid));
    this.#tx.delete(objectKey(RecordKind.target, gfid));
    this.#tx.delete(objectKey(RecordKind.pending, gfid));
    this.#tx.delete(objectKey(RecordKind.content, gfid));
  }

  /** Puts a name and its way back from the object. */
  putEntry(parent: Gfid, entry: EntryRecord): void {
    const name = nameToBytes(entry.name);
    const bytes = encodeEntry(entry);
    this.#tx.put(nameKey(parent, name), bytes);
    this.#tx.put(cookieKey(parent, entry.cookie), bytes);
    this.#tx.put(linkKey(entry.gfid, parent, name), noBytes);
  }

  deleteEntry(parent: Gfid, entry: EntryRecord): void {
    const name = nameToBytes(entry.name);
    this.#tx.delete(nameKey(parent, name));
    this.#tx.delete(cookieKey(parent, entry.cookie));
    this.#tx.delete(linkKey(entry.gfid, parent, name));
  }

  putPending(gfid: Gfid, work: PendingWork): void {
    this.#tx.put(objectKey(RecordKind.pending, gfid), Uint8Array.of(work === "remove" ? 1 : 2));
  }

  deletePending(gfid: Gfid): void {
    this.#tx.delete(objectKey(RecordKind.pending, gfid));
  }

  putBytes(kind: RecordKind, gfid: Gfid, bytes: Uint8Array): void {
    this.#tx.put(objectKey(kind, gfid), bytes);
  }

  deleteBytes(kind: RecordKind, gfid: Gfid): void {
    this.#tx.delete(objectKey(kind, gfid));
  }
}

// A value of no bytes at all is not the same as no value in every store, so one byte stands for "there".
const noBytes = Uint8Array.of(0);

function encodeEntry(entry: EntryRecord): Uint8Array {
  const writer = new XdrWriter(64);
  writer.fixed(gfidToBytes(entry.gfid));
  writer.u32(entry.type);
  writer.u64(entry.cookie);
  writer.name(entry.name);
  return writer.finish()[0] as Uint8Array;
}

/** Name and cookie record alike; `known` spares the decoding of the name. @throws WireError. */
export function decodeEntry(bytes: Uint8Array, known?: string): EntryRecord {
  const reader = new XdrReader(bytes);
  const gfid = reader.gfid();
  const type = reader.u32() & FileType.mask;
  return { gfid, type, cookie: reader.u64(), name: known ?? reader.name() };
}

function decodeOr<T>(decode: () => T, what: string): T {
  try {
    return decode();
  } catch (error) {
    throw new TreeError("TREE_DAMAGED", `${what} does not decode (${String(error)}); run fsck`);
  }
}
