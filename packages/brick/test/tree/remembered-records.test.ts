import type { Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import type { MetaStore } from "../../src/store/store.js";
import { encodeInode, type InodeRecord } from "../../src/tree/inode-record.js";
import { RememberedRecords } from "../../src/tree/remembered-records.js";
import { objectKey, RecordKind } from "../../src/tree/tree-keys.js";
import { newGfid } from "./tree-fixture.js";

const record: InodeRecord = {
  mode: 0o100644,
  uid: 0,
  gid: 0,
  nlink: 1,
  rdev: 0n,
  atimeNs: 0n,
  mtimeNs: 0n,
  ctimeNs: 0n,
  keptBytes: undefined,
  dataStampMs: 0,
  nextCookie: 0n,
  symlink: "",
  xattrs: new Map(),
  target: undefined,
  published: undefined,
};

/** Records over a store that counts its reads, and tells no version when it is made to. */
function countedRecords() {
  const store = createMemoryStore().meta;
  const counts = { gets: 0 };
  let isChanging = false;
  const meta: MetaStore = {
    ...store,
    get: (key) => ((counts.gets += 1), store.get(key)),
    version: () => (isChanging ? undefined : store.version()),
  };
  const put = (gfid: Gfid, uid: number) =>
    store.transact((tx) => tx.put(objectKey(RecordKind.inode, gfid), encodeInode({ ...record, uid })));
  const change = (is: boolean) => (isChanging = is);
  return { records: new RememberedRecords(meta), counts, put, change };
}

it("asks the store for an inode once, until a record changes", async () => {
  const { records, counts, put } = countedRecords();
  const gfid = newGfid();
  await put(gfid, 1);
  expect([records.inode(gfid)?.uid, records.needInode(gfid).uid, counts.gets]).toEqual([1, 1, 1]);
  await put(gfid, 2);
  expect([records.inode(gfid)?.uid, records.inode(gfid)?.uid, counts.gets]).toEqual([2, 2, 2]);
});

it("asks each time while records may be changing, and does not go by what it knew before", async () => {
  const { records, counts, put, change } = countedRecords();
  const gfid = newGfid();
  await put(gfid, 1);
  records.inode(gfid);
  change(true);
  await put(gfid, 2);
  expect([records.inode(gfid)?.uid, records.inode(gfid)?.uid, counts.gets]).toEqual([2, 2, 3]);
  change(false);
  expect(records.inode(gfid)?.uid).toBe(2);
});

it("remembers no inode that is not there", async () => {
  const { records, put } = countedRecords();
  const gfid = newGfid();
  expect(records.inode(gfid)).toBeUndefined();
  await put(gfid, 1);
  expect(records.inode(gfid)?.uid).toBe(1);
});

it("forgets all it knows when it would know too many, and not before", async () => {
  const { records, counts, put } = countedRecords();
  const gfids = Array.from({ length: 257 }, newGfid);
  for (const gfid of gfids) await put(gfid, 1);
  const [first, last] = [gfids[0], gfids[256]] as [Gfid, Gfid];
  for (const gfid of gfids.slice(0, 256)) records.inode(gfid);
  records.inode(first);
  expect(counts.gets).toBe(256);
  records.inode(last);
  records.inode(last);
  expect(counts.gets).toBe(257);
  records.inode(first);
  expect(counts.gets).toBe(258);
});
