import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { fsck } from "../../src/fsck.js";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import type { BrickStore, DataStore } from "../../src/store/store.js";
import { StoreError } from "../../src/store/store-error.js";
import { RecordKind } from "../../src/tree/tree-keys.js";
import { TreeRecords } from "../../src/tree/tree-records.js";
import { pausedStore } from "../paused-store.js";
import { codeOf, newGfid, object, onBothStores, TreeFixture } from "./tree-fixture.js";

const token = { source: newGfid(), fence: 5n };
const higher = { ...token, fence: 6n };

/** Puts a file whole, published unless told otherwise. */
async function put(
  { tree }: TreeFixture,
  name: string,
  text: string | Buffer,
  isPublished = true,
): Promise<Gfid> {
  const gfid = newGfid();
  const content = typeof text === "string" ? Buffer.from(text) : text;
  const times = { atimeNs: 1n, mtimeNs: 2n, ctimeNs: 3n };
  const attributes = { mode: 0o640, uid: 1, gid: 2, size: content.length, xattrs: new Map(), ...times };
  const whole = { content, attributes };
  await tree.putTarget(ROOT_GFID, name, object(gfid), "brick-s", token, whole);
  if (isPublished) await tree.publishTarget(gfid, token);
  return gfid;
}

const hasContent = ({ store }: TreeFixture, gfid: Gfid) =>
  new TreeRecords(store.meta).bytesOf(RecordKind.content, gfid) !== undefined;

onBothStores("a small file that was put whole", (current) => {
  it("has no blob, and is read, sought in and synced like any other", async () => {
    const fixture = current();
    const gfid = await put(fixture, "f", "content");
    await fixture.restart();
    const { tree, store } = fixture;
    expect(store.data.stat(gfid)).toBeUndefined();
    expect(tree.stat(gfid)).toMatchObject({ size: 7, blocks: 1, mode: 0o100640, mtime: 0, mtimeNsec: 2 });
    expect(await fixture.text(gfid)).toBe("content");
    const { bytes, atEnd } = await tree.read(gfid, 4, new Uint8Array(2));
    expect([Buffer.from(bytes).toString(), atEnd]).toEqual(["en", false]);
    expect((await tree.read(gfid, 9, new Uint8Array(2))).bytes.length).toBe(0);
    expect([await tree.seek(gfid, 3, "data"), await tree.seek(gfid, 3, "hole")]).toEqual([3, 7]);
    expect(await codeOf(() => tree.seek(gfid, 7, "data"))).toBe("TREE_NO_DATA_BEYOND");
    await tree.fsync(gfid, false);
    expect(await fsck(store)).toMatchObject({ findings: [], isSound: true });
  });

  it.each([
    ["write", (tree: TreeFixture["tree"], gfid: Gfid) => tree.write(gfid, 2, Buffer.from("--")), "co--ent"],
    ["append", (tree, gfid) => tree.write(gfid, "append", Buffer.from("!")), "content!"],
    ["truncation", (tree, gfid) => tree.truncate(gfid, 3), "con"],
    ["truncation to its own size", (tree, gfid) => tree.truncate(gfid, 7), "content"],
    ["setattr of its size", (tree, gfid) => tree.setattr(gfid, { size: 3 }), "con"],
    ["allocation", (tree, gfid) => tree.allocate(gfid, 0, 9, false), "content\0\0"],
    ["hole", (tree, gfid) => tree.discard(gfid, 1, 2), "c\0\0tent"],
    ["zerofill", (tree, gfid) => tree.zerofill(gfid, 6, 2), "conten\0\0"],
  ] satisfies [string, (tree: TreeFixture["tree"], gfid: Gfid) => Promise<unknown>, string][])(
    "is brought into a blob by its first %s",
    async (_what, change, text) => {
      const fixture = current();
      const gfid = await put(fixture, "f", "content");
      await change(fixture.tree, gfid);
      expect(await fixture.text(gfid)).toBe(text);
      expect(fixture.tree.stat(gfid)).toMatchObject({ size: text.length, mtime: 1_700_000_000 });
      expect([fixture.store.data.stat(gfid)?.size, hasContent(fixture, gfid)]).toEqual([text.length, false]);
      await fixture.restart();
      expect(await fixture.text(gfid)).toBe(text);
      expect(await fsck(fixture.store)).toMatchObject({ findings: [], isSound: true });
    },
  );

  it("takes writes that come together in the order of their calls", async () => {
    const fixture = current();
    const gfid = await put(fixture, "f", "content");
    await Promise.all(["1", "2", "3"].map((text) => fixture.tree.write(gfid, 0, Buffer.from(text))));
    await Promise.all(["a", "b"].map((text) => fixture.tree.write(gfid, "append", Buffer.from(text))));
    expect(await fixture.text(gfid)).toBe("3ontentab");
  });

  it("keeps nothing once it is removed, moved away, or dropped", async () => {
    const fixture = current();
    const { tree } = fixture;
    const removed = await put(fixture, "removed", "content");
    const moved = await put(fixture, "moved", "content");
    const dropped = await put(fixture, "dropped", "content", false);
    await tree.unlink(ROOT_GFID, "removed");
    await tree.commitMoved(moved, "brick-d", 7n);
    await tree.abortTarget(dropped, token);
    for (const gfid of [removed, moved, dropped]) expect(hasContent(fixture, gfid)).toBe(false);
    expect(tree.stat(moved)).toMatchObject({ size: 0, mode: 0o101000 });
    await fixture.restart();
    expect(await fsck(fixture.store)).toMatchObject({ findings: [], isSound: true });
  });

  it("is filled anew when it comes back", async () => {
    const fixture = current();
    const { tree } = fixture;
    const gfid = await put(fixture, "f", "content");
    await tree.commitMoved(gfid, "brick-d", 7n);
    await tree.adoptTarget(gfid, "brick-s", higher);
    await tree.write(gfid, 0, Buffer.from("new"), { token: higher });
    expect(await fixture.text(gfid, { token: higher })).toBe("new");
    await tree.abortTarget(gfid, higher);
    expect(tree.stat(gfid).size).toBe(0);
    expect(await fsck(fixture.store)).toMatchObject({ findings: [], isSound: true });
  });
});

/** A store in memory that does other than it should, until the next start. */
async function faulty(faults: (data: DataStore) => Partial<DataStore>) {
  const medium = new MemoryMedium();
  let current: typeof faults = () => ({});
  const open = async (): Promise<BrickStore> => {
    const store = createMemoryStore(medium);
    return { ...store, data: { ...store.data, ...current(store.data) } };
  };
  const fixture = await new TreeFixture(open).start();
  const gfid = await put(fixture, "f", "content");
  current = faults;
  await fixture.restart();
  current = () => ({});
  return { fixture, gfid, medium };
}

const full = async () => {
  throw new StoreError("STORE_NO_SPACE", "no room");
};

it("has the bytes that were put, whatever becomes of the buffer that they were in", async () => {
  const fixture = await new TreeFixture(async () => createMemoryStore()).start();
  const content = Buffer.from("content");
  const gfid = await put(fixture, "f", content);
  content.fill("x");
  expect(await fixture.text(gfid)).toBe("content");
});

it("has a blob at once where the records take much of the medium, or when it is longer than is kept", async () => {
  let share = 1 / 16;
  const store = createMemoryStore();
  const crowded = { ...store, meta: { ...store.meta, share: () => share } };
  const fixture = await new TreeFixture(async () => crowded).start({ keptBytesMax: 7 });
  const kept = await put(fixture, "kept", "content");
  const longer = await put(fixture, "longer", "contents");
  share += 0.01;
  const late = await put(fixture, "late", "content");
  expect([kept, longer, late].map((gfid) => store.data.stat(gfid)?.size)).toEqual([undefined, 8, 7]);
});

it("stays as it is, without a blob, when there is no room for one", async () => {
  const { fixture, gfid, medium } = await faulty(() => ({ write: full }));
  expect(await codeOf(() => fixture.tree.write(gfid, 0, Buffer.from("x")))).toBe("STORE_NO_SPACE");
  expect([await fixture.text(gfid), medium.blobs.has(gfid)]).toEqual(["content", false]);
  await fixture.restart();
  await fixture.tree.write(gfid, 0, Buffer.from("x"));
  expect(await fixture.text(gfid)).toBe("xontent");
});

it("is in a blob on the disk before its record says so, and a kill between leaves it as it was", async () => {
  const { fixture, gfid, medium } = await faulty(() => ({ sync: () => new Promise<void>(() => {}) }));
  void fixture.tree.write(gfid, 0, Buffer.from("x")).catch(() => "killed");
  await expect.poll(() => medium.blobs.get(gfid)?.size).toBe(7);
  expect(hasContent(fixture, gfid)).toBe(true);
  medium.crash();
  await fixture.start();
  expect(fixture.tree.recovered.orphans).toBe(1);
  expect([await fixture.text(gfid), medium.blobs.has(gfid)]).toEqual(["content", false]);
});

it("is written over what an attempt left that nobody has cleared away", async () => {
  const { fixture, gfid } = await faulty(() => ({}));
  await fixture.store.data.create(gfid);
  await fixture.store.data.write(gfid, 0, Buffer.from("something longer"));
  await fixture.tree.write(gfid, 0, Buffer.from("x"));
  expect(await fixture.text(gfid)).toBe("xontent");
});

it("has the times that it had when the change fails for which it was brought into a blob", async () => {
  const { fixture, gfid } = await faulty((data) => ({
    write: (at, offset, bytes) => (bytes.length === 7 ? data.write(at, offset, bytes) : full()),
  }));
  expect(await codeOf(() => fixture.tree.write(gfid, 0, Buffer.from("x")))).toBe("STORE_NO_SPACE");
  expect(fixture.store.data.stat(gfid)?.size).toBe(7);
  expect(fixture.tree.stat(gfid)).toMatchObject({ size: 7, mtime: 0, mtimeNsec: 2 });
});

it("leaves no blob of an attempt that failed when it is removed", async () => {
  const { fixture, gfid, medium } = await faulty(() => ({}));
  await fixture.store.data.create(gfid);
  await fixture.tree.unlink(ROOT_GFID, "f");
  expect(medium.blobs.has(gfid)).toBe(false);
});

it.each(["write", "fill again"])(
  "keeps its blob when a commit that failed shows late, before the next %s",
  async (next) => {
    const store = createMemoryStore();
    let fails = false;
    let late: (() => Promise<unknown>) | undefined;
    const transact: typeof store.meta.transact = async (work, survives) => {
      await late?.();
      late = undefined;
      if (!fails) return store.meta.transact(work, survives);
      fails = false;
      late = () => store.meta.transact(work, survives);
      throw new StoreError("STORE_IO", "nobody knows");
    };
    let isFull = false;
    const data = { ...store.data, sync: (gfid: Gfid) => (isFull ? full() : store.data.sync(gfid)) };
    const fixture = await new TreeFixture(async () => ({
      ...store,
      meta: { ...store.meta, transact },
      data,
    })).start();
    const gfid = await put(fixture, "f", "content");
    fails = true;
    expect(await codeOf(() => fixture.tree.write(gfid, 0, Buffer.from("x")))).toBe("STORE_IO");
    isFull = next !== "write";
    await codeOf(() => fixture.tree.write(gfid, 0, Buffer.from("x")));
    await late?.();
    expect(await fixture.text(gfid)).toBe(next === "write" ? "xontent" : "content");
  },
);

/** A file on a store that waits, with a write to it that has not come into the blob yet. */
async function written(isPublished: boolean) {
  const paused = pausedStore(createMemoryStore());
  const fixture = await new TreeFixture(async () => paused.store).start();
  const gfid = await put(fixture, "f", "content", isPublished);
  return { fixture, paused, gfid };
}

it("goes with its last name while it is brought into a blob", async () => {
  let letGo = () => {};
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  const { fixture, gfid, medium } = await faulty((data) => ({
    create: (at) => isLetGo.then(() => data.create(at)),
  }));
  const write = codeOf(() => fixture.tree.write(gfid, 0, Buffer.from("x")));
  await fixture.tree.unlink(ROOT_GFID, "f");
  letGo();
  await write;
  await fixture.tree.close();
  expect(medium.blobs.has(gfid)).toBe(false);
});

it("gets one blob, also when several are about to change it", async () => {
  let creates = 0;
  const { fixture, gfid } = await faulty((data) => ({
    create(at) {
      creates += 1;
      return data.create(at);
    },
  }));
  await Promise.all(["1", "2", "3"].map((text) => fixture.tree.write(gfid, 0, Buffer.from(text))));
  expect(creates).toBe(1);
});

it("that moves away while it is brought into a blob leaves no data, and refuses the write", async () => {
  const { fixture, paused, gfid } = await written(true);
  const { tree } = fixture;
  paused.hold();
  const write = codeOf(() => tree.write(gfid, 0, Buffer.from("x")));
  const moved = tree.commitMoved(gfid, "brick-d", 7n);
  paused.letGo();
  expect([await write, (await moved).poststat.size, tree.stat(gfid).size]).toEqual(["TREE_MOVED", 0, 0]);
  expect(fixture.store.data.stat(gfid)).toBeUndefined();
});

it("that another runner takes over takes no write of the one before, which waited for a blob", async () => {
  const { fixture, paused, gfid } = await written(true);
  const { tree } = fixture;
  await tree.commitMoved(gfid, "brick-d", 7n);
  await tree.adoptTarget(gfid, "brick-s", token);
  paused.hold();
  const late = codeOf(() => tree.write(gfid, 0, Buffer.from("old"), { token }));
  const adopted = tree.adoptTarget(gfid, "brick-s", higher);
  paused.letGo();
  expect(await late).toBe("TREE_FENCED");
  await adopted;
  await tree.write(gfid, 0, Buffer.from("n"), { token: higher });
  expect(await fixture.text(gfid, { token: higher })).toBe("n");
});

it("is not cut by a preparation that waited for a blob, and whose target was dropped", async () => {
  const { fixture, paused, gfid } = await written(true);
  const { tree } = fixture;
  await tree.commitMoved(gfid, "brick-d", 7n);
  await tree.adoptTarget(gfid, "brick-s", token);
  const times = { atimeNs: 1n, mtimeNs: 2n, ctimeNs: 3n };
  const attributes = { mode: 0o640, uid: 1, gid: 2, size: 4_096, xattrs: new Map(), ...times };
  paused.hold();
  const prepared = codeOf(() => tree.prepareTarget(gfid, attributes, token, token.fence));
  const dropped = tree.abortTarget(gfid, token);
  paused.letGo();
  expect(await prepared).toBe("TREE_FENCED");
  await dropped;
  expect(tree.stat(gfid).size).toBe(0);
});
