import { decodeName, type Gfid, gfidFromBytes } from "@brickshift/wire";
import type { BrickStore, MetaReader } from "../store/store.js";
import { decodeInode, type InodeRecord } from "../tree/inode-record.js";
import { kindRange, parseLinkKey, RecordKind } from "../tree/tree-keys.js";
import { decodeEntry, type EntryRecord } from "../tree/tree-records.js";

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
