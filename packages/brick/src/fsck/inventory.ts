import { decodeName, type Gfid, gfidFromBytes } from "@brickshift/wire";
import type { BrickStore, MetaReader } from "../store/store.js";
import { decodeInode, type InodeRecord } from "../tree/inode-record.js";
import { kindRange, parseLinkKey, rangeAfter, RecordKind } from "../tree/tree-keys.js";
import { decodeEntry, type EntryRecord } from "../tree/tree-records.js";

const CONTENTS_AT_A_TIME = 64;

/** A name as its own record tells it. */
export interface NamedEntry extends EntryRecord {
  readonly parent: Gfid;
}

/** Records that are to be dropped: their raw keys, and what they were about. */
export interface BadRecord {
  readonly key: Uint8Array;
  readonly gfid: Gfid;
  readonly what: string;
}

/** Everything there is in a store, as found. All of it is in memory: some 500 bytes for each file. */
export interface Inventory {
  readonly inodes: Map<Gfid, InodeRecord>;
  /** Objects of which the record does not decode. */
  readonly badInodes: Set<Gfid>;
  readonly names: NamedEntry[];
  readonly badRecords: BadRecord[];
  /** Cookie records: parent, then cookie, to the entry they hold. */
  readonly cookies: Map<string, { readonly parent: Gfid; readonly entry: EntryRecord }>;
  /** Link records: object, parent and name as one text. */
  readonly links: Map<string, { readonly gfid: Gfid; readonly parent: Gfid; readonly name: string }>;
  readonly pending: Set<Gfid>;
  readonly blobs: Set<Gfid>;
  /** Contents that are kept with the records, by their length in bytes. */
  readonly contents: Map<Gfid, number>;
}

/** Text that stands for one cookie of one directory. */
export function cookieText(parent: Gfid, cookie: bigint): string {
  return `${parent}/${cookie}`;
}

/** Text that stands for one name of one object. */
export function linkText(gfid: Gfid, parent: Gfid, name: string): string {
  return `${gfid}/${parent}/${name}`;
}

/** Reads all of a store that nobody changes meanwhile. */
export async function takeInventory(store: BrickStore): Promise<Inventory> {
  const found: Inventory = {
    inodes: new Map(),
    badInodes: new Set(),
    names: [],
    badRecords: [],
    cookies: new Map(),
    links: new Map(),
    pending: new Set(),
    blobs: new Set(),
    contents: new Map(),
  };
  readInodes(store.meta, found);
  readEntries(store.meta, found);
  for (const { key } of store.meta.range(kindRange(RecordKind.link))) {
    const { parent, name: bytes } = parseLinkKey(key);
    const link = { gfid: gfidFromBytes(key, 1), parent, name: decodeName(bytes) };
    found.links.set(linkText(link.gfid, link.parent, link.name), link);
  }
  for (const { key } of store.meta.range(kindRange(RecordKind.pending)))
    found.pending.add(gfidFromBytes(key, 1));
  readContents(store.meta, found);
  for await (const gfid of store.data.list()) found.blobs.add(gfid);
  return found;
}

function readInodes(meta: MetaReader, found: Inventory): void {
  for (const { key, value } of meta.range(kindRange(RecordKind.inode))) {
    const gfid = gfidFromBytes(key, 1);
    try {
      found.inodes.set(gfid, decodeInode(value));
    } catch {
      found.badInodes.add(gfid);
    }
  }
}

/** A few at a time: all of them may be more than there is memory. */
function readContents(meta: MetaReader, found: Inventory): void {
  for (let range = kindRange(RecordKind.content); ;) {
    const page = [...meta.range({ ...range, limit: CONTENTS_AT_A_TIME })];
    let last: Gfid | undefined;
    for (const { key, value } of page) found.contents.set((last = gfidFromBytes(key, 1)), value.length);
    if (last === undefined) return;
    range = rangeAfter(RecordKind.content, last);
  }
}

function readEntries(meta: MetaReader, found: Inventory): void {
  for (const { key, value } of meta.range(kindRange(RecordKind.name))) {
    const parent = gfidFromBytes(key, 1);
    try {
      found.names.push({ parent, ...decodeEntry(value, decodeName(key.subarray(17))) });
    } catch {
      found.badRecords.push({ key: new Uint8Array(key), gfid: parent, what: "name" });
    }
  }
  for (const { key, value } of meta.range(kindRange(RecordKind.cookie))) {
    const parent = gfidFromBytes(key, 1);
    const cookie = new DataView(key.buffer, key.byteOffset).getBigUint64(17);
    try {
      found.cookies.set(cookieText(parent, cookie), { parent, entry: { ...decodeEntry(value), cookie } });
    } catch {
      found.badRecords.push({ key: new Uint8Array(key), gfid: parent, what: "cookie" });
    }
  }
}
