import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { fsck } from "../../src/fsck.js";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import type { BrickStore, MetaTransaction } from "../../src/store/store.js";
import { createTree } from "../../src/tree/create-tree.js";
import { TreeChanges } from "../../src/tree/tree-records.js";
import { cookieKey, linkKey, nameKey, objectKey, RecordKind } from "../../src/tree/tree-keys.js";

const newGfid = () => parseGfid(globalThis.crypto.randomUUID());
const object = (gfid = newGfid()) => ({ gfid, mode: 0o755, uid: 0, gid: 0 });

/** A root with a directory "d", in it a file "f" that is "g" too; the tree is closed. */
async function sound() {
  const store = createMemoryStore(new MemoryMedium());
  const tree = await createTree(store);
  const [directory, file] = [newGfid(), newGfid()];
  await tree.mkdir(ROOT_GFID, "d", object(directory));
  await tree.create(directory, "f", object(file));
  await tree.link(file, ROOT_GFID, "g");
  await tree.write(file, 0, Buffer.from("data"));
  await tree.close();
  const break_ = (damage: (tx: MetaTransaction, changes: TreeChanges) => void) =>
    store.meta.transact((tx) => damage(tx, new TreeChanges(tx)));
  return { store, directory, file, break_ };
}
type Sound = Awaited<ReturnType<typeof sound>>;

const name = (text: string) => Buffer.from(text);

const damages: Record<string, { counts: Record<string, number>; make: (it: Sound) => Promise<void> }> = {
  "a name without an object": {
    counts: { "dangling-name": 1, "wrong-nlink": 1 },
    make: ({ break_, directory }) =>
      break_((_tx, changes) => {
        const gone = newGfid();
        changes.putEntry(directory, { name: "x", gfid: gone, type: 0o100000, cookie: 4n });
        changes.putInode(directory, { ...changes.needInode(directory), nlink: 9, nextCookie: 5n });
      }),
  },
  "a name in a directory that is gone": {
    counts: { "dangling-name": 1 },
    make: ({ break_, file }) =>
      break_((_tx, changes) =>
        changes.putEntry(newGfid(), { name: "x", gfid: file, type: 0o100000, cookie: 4n }),
      ),
  },
  "a missing cookie": {
    counts: { "bad-index": 1 },
    make: ({ break_, directory }) => break_((tx) => tx.delete(cookieKey(directory, 3n))),
  },
  "a missing way back": {
    counts: { "bad-index": 1 },
    make: ({ break_, directory, file }) => break_((tx) => tx.delete(linkKey(file, directory, name("f")))),
  },
  "a cookie and a way back without a name": {
    counts: { "bad-index": 2, "wrong-nlink": 1 },
    make: ({ break_ }) => break_((tx) => tx.delete(nameKey(ROOT_GFID, name("g")))),
  },
  "two names with one cookie": {
    counts: { "bad-index": 1, "wrong-nlink": 1 },
    make: ({ break_, directory, file }) =>
      break_((_tx, changes) => {
        const entry = changes.entry(directory, "f");
        if (entry === undefined) throw new Error("no entry");
        changes.putEntry(directory, { ...entry, name: "stolen", gfid: file });
      }),
  },
  "wrong link counts": {
    counts: { "wrong-nlink": 3 },
    make: ({ break_, directory, file }) =>
      break_((_tx, changes) => {
        for (const gfid of [directory, file, ROOT_GFID])
          changes.putInode(gfid, { ...changes.needInode(gfid), nlink: 7 });
      }),
  },
  "an object without a name": {
    counts: { unreachable: 1 },
    make: ({ break_, store, file }) =>
      break_((_tx, changes) => {
        const lost = newGfid();
        void store.data.create(lost);
        changes.putInode(lost, { ...changes.needInode(file), nlink: 1 });
      }),
  },
  "an inode record that does not decode": {
    counts: { "bad-record": 1, "wrong-nlink": 1 },
    make: ({ break_, file }) =>
      break_((tx) => tx.put(objectKey(RecordKind.inode, file), Buffer.from("junk"))),
  },
  "a directory record that does not decode": {
    counts: { "bad-record": 1 },
    make: ({ break_, directory }) =>
      break_((tx) => tx.put(objectKey(RecordKind.inode, directory), Buffer.from("junk"))),
  },
  "a root that is gone": {
    counts: { "bad-record": 1, "wrong-nlink": 1 },
    make: ({ break_ }) => break_((tx) => tx.delete(objectKey(RecordKind.inode, ROOT_GFID))),
  },
  "a name record that does not decode": {
    counts: { "bad-record": 1, "bad-index": 2, "wrong-nlink": 1 },
    make: ({ break_ }) => break_((tx) => tx.put(nameKey(ROOT_GFID, name("g")), Buffer.from("junk"))),
  },
  "data that is gone": {
    counts: { "missing-blob": 1 },
    make: ({ store, file }) => store.data.remove(file),
  },
  "content that is gone": {
    counts: { "missing-blob": 1 },
    make: ({ break_, file }) =>
      break_((_tx, changes) => changes.putInode(file, { ...changes.needInode(file), keptBytes: 3 })),
  },
  "content of another length than the record says": {
    counts: { "missing-blob": 1, "orphan-blob": 1 },
    make: ({ break_, file }) =>
      break_((_tx, changes) => {
        changes.putBytes(RecordKind.content, file, Buffer.from("abc"));
        changes.putInode(file, { ...changes.needInode(file), keptBytes: 4 });
      }),
  },
  "content that nothing keeps": {
    counts: { "orphan-blob": 1 },
    make: ({ break_, file }) =>
      break_((_tx, changes) => changes.putBytes(RecordKind.content, file, Buffer.from("abc"))),
  },
  "a blob beside the content that counts": {
    counts: { "orphan-blob": 1 },
    make: ({ break_, file }) =>
      break_((_tx, changes) => {
        changes.putBytes(RecordKind.content, file, Buffer.from("abc"));
        changes.putInode(file, { ...changes.needInode(file), keptBytes: 3 });
      }),
  },
  "data without a file": {
    counts: { "orphan-blob": 1 },
    make: ({ store }) => store.data.create(newGfid()),
  },
};

it("finds nothing in a sound store", async () => {
  const { store } = await sound();
  expect(await fsck(store)).toEqual({
    objects: 3,
    names: 3,
    blobs: 1,
    findings: [],
    counts: {},
    isSound: true,
  });
});

it.each(Object.keys(damages))("finds and repairs %s", async (what) => {
  const it = await sound();
  const damage = damages[what];
  await damage?.make(it);
  const seen = await fsck(it.store);
  expect(seen).toMatchObject({ counts: damage?.counts, isSound: false });
  expect(seen.findings.every(({ isRepaired }) => !isRepaired)).toBe(true);
  expect(await fsck(it.store, { repair: true })).toMatchObject({ counts: damage?.counts, isSound: true });
  expect(await fsck(it.store)).toMatchObject({ findings: [], isSound: true });
  // What was repaired is a tree that works.
  const tree = await createTree(it.store);
  await tree.create(ROOT_GFID, "after", object());
  expect(tree.readdir(ROOT_GFID, 0n, 100).entries.map((entry) => entry.name)).toContain("after");
});

async function repairedText(store: BrickStore, file: Gfid): Promise<string> {
  await fsck(store, { repair: true });
  const tree = await createTree(store);
  const { bytes } = await tree.read(file, 0, Buffer.alloc(9));
  return Buffer.from(bytes).toString();
}

it.each([
  ["of another length", true, 4],
  ["in the place of a blob that is gone", false, undefined],
])("gives a file the content that is there, %s", async (_what, hasBlob, keptBytes) => {
  const { store, file, break_ } = await sound();
  await break_((_tx, changes) => {
    changes.putBytes(RecordKind.content, file, Buffer.from("abc"));
    changes.putInode(file, { ...changes.needInode(file), keptBytes });
  });
  if (!hasBlob) await store.data.remove(file);
  expect(await repairedText(store, file)).toBe("abc");
});

it("looks at more contents than it takes at a time", async () => {
  const { store, file, break_ } = await sound();
  await break_((_tx, changes) => {
    for (let count = 0; count < 200; count += 1)
      changes.putBytes(RecordKind.content, newGfid(), Buffer.from("abc"));
    changes.putBytes(RecordKind.content, file, Buffer.from("abc"));
  });
  expect((await fsck(store)).counts).toEqual({ "orphan-blob": 201 });
});

it("makes a file anew with the content that it keeps", async () => {
  const { store, file, break_ } = await sound();
  await break_((tx, changes) => {
    changes.putBytes(RecordKind.content, file, Buffer.from("abc"));
    tx.put(objectKey(RecordKind.inode, file), Buffer.from("junk"));
  });
  expect(await repairedText(store, file)).toBe("abc");
});

it("gives what lost its name one in the root, with its data", async () => {
  const { store, file, break_ } = await sound();
  await break_((_tx, changes) => {
    for (const link of changes.links(file)) {
      const entry = changes.entry(link.parent, link.name);
      if (entry !== undefined) changes.deleteEntry(link.parent, entry);
    }
  });
  await fsck(store, { repair: true });
  const tree = await createTree(store);
  const { stat } = tree.lookup(ROOT_GFID, `lost+found.${file}`);
  expect(stat).toMatchObject({ gfid: file, nlink: 1, size: 4 });
});

it("reports directories that contain each other, and leaves them to a person", async () => {
  const { store, break_ } = await sound();
  const [a, b] = [newGfid(), newGfid()];
  await break_((_tx, changes) => {
    const root = changes.needInode(ROOT_GFID);
    for (const [parent, gfid] of [
      [a, b],
      [b, a],
    ] as const) {
      changes.putInode(gfid, { ...root, nlink: 3, nextCookie: 4n });
      changes.putEntry(parent, { name: "x", gfid, type: 0o040000, cookie: 3n });
    }
  });
  expect(await fsck(store, { repair: true })).toMatchObject({ counts: { ring: 2 }, isSound: false });
});

it("tells of work left and of targets, which are no errors", async () => {
  const { store, file } = await sound();
  const tree = await createTree(store);
  const [target, source] = [newGfid(), newGfid()];
  await tree.createTarget(ROOT_GFID, "t", object(target), "brick-s", { source, fence: 1n });
  tree.hold(file);
  for (const link of tree.links(file)) await tree.unlink(link.parent, link.name);
  expect(await fsck(store, { repair: true })).toMatchObject({
    counts: { "target-left": 1, pending: 1 },
    isSound: true,
  });
});

it("bounds its report and counts the rest", async () => {
  const { store } = await sound();
  for (let count = 0; count < 5; count += 1) await store.data.create(newGfid());
  const report = await fsck(store, { findingsMax: 2 });
  expect(report.findings.length).toBe(2);
  expect(report.counts).toEqual({ "orphan-blob": 5 });
});
