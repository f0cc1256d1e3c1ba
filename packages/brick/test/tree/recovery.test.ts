import { ROOT_GFID } from "@brickshift/wire";
import { beforeEach, expect, it } from "vitest";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import type { BrickStore, DataStore, MetaStore } from "../../src/store/store.js";
import type { TreeOptionsInput } from "../../src/tree/options.js";
import { codeOf, newGfid, object, TreeFixture } from "./tree-fixture.js";

const WALL_NOW_MS = 1_700_000_500_250;
const source = newGfid();

let medium: MemoryMedium;
let fixture: TreeFixture;
/** What the next store does instead of the real thing: fails, or never ends. */
let faults: Partial<DataStore> = {};
/** Transactions are carried out, and acknowledged when this is. */
let commits: Promise<unknown> = Promise.resolve();

beforeEach(async () => {
  medium = new MemoryMedium();
  faults = {};
  const open = async (): Promise<BrickStore> => {
    const store = createMemoryStore(medium, { wallNowMs: () => WALL_NOW_MS });
    const transact: MetaStore["transact"] = async (work) => {
      const result = await store.meta.transact(work);
      await commits;
      return result;
    };
    return { ...store, meta: { ...store.meta, transact }, data: { ...store.data, ...faults } };
  };
  fixture = await new TreeFixture(open).start();
});

/** Kills the brick and starts it again, without faults. */
async function crash(next: Partial<DataStore> = {}, options: TreeOptionsInput = {}) {
  medium.crash();
  faults = next;
  await fixture.start(options);
}
const hang = () => new Promise<void>(() => {});
const fail = async () => {
  throw new Error("the disk is broken");
};

it("removes a blob that was made before its record", async () => {
  const orphan = newGfid();
  await fixture.store.data.create(orphan);
  const kept = await fixture.file("kept", "data");
  await crash();
  expect(fixture.tree.recovered).toEqual({ unlinked: 0, emptied: 0, orphans: 1 });
  expect(fixture.store.data.stat(orphan)).toBeUndefined();
  expect(await fixture.text(kept)).toBe("data");
});

it("removes a file that was made without a name and had got none, and keeps one that had", async () => {
  const [lost, kept] = [newGfid(), newGfid()];
  for (const gfid of [lost, kept]) await fixture.tree.createNameless(object(gfid));
  await fixture.tree.write(kept, 0, Buffer.from("data"));
  await fixture.tree.nameObject(kept, ROOT_GFID, "kept");
  await crash();
  expect(fixture.tree.recovered).toEqual({ unlinked: 1, emptied: 0, orphans: 0 });
  expect(fixture.store.data.stat(lost)).toBeUndefined();
  expect(fixture.names()).toEqual(["kept"]);
  expect(await fixture.text(kept)).toBe("data");
});

it("refuses to take half a store for garbage", async () => {
  for (let count = 0; count < 3; count += 1) await fixture.store.data.create(newGfid());
  medium.crash();
  expect(await codeOf(() => fixture.start({ orphansMax: 2 }))).toBe("TREE_DAMAGED");
  medium.crash();
  await fixture.start({ orphansMax: 3 });
  expect(fixture.tree.recovered.orphans).toBe(3);
});

it("removes the data of an unlinked file only after its record, so that a kill between leaves an orphan", async () => {
  await crash({ remove: hang });
  const gfid = await fixture.file("f", "data");
  void fixture.tree.unlink(ROOT_GFID, "f").catch(() => "killed");
  await expect.poll(() => fixture.names()).toEqual([]);
  expect(medium.blobs.has(gfid)).toBe(true);
  await crash();
  expect(fixture.tree.recovered.orphans).toBe(1);
  expect(medium.blobs.has(gfid)).toBe(false);
});

it("does not take the blob of an object that is just being made for a leftover", async () => {
  const gfid = newGfid();
  const first = fixture.tree.create(ROOT_GFID, "a", object(gfid));
  await Promise.resolve();
  const blob = medium.blobs.get(gfid);
  expect(blob).toBeDefined();
  expect(await codeOf(() => fixture.tree.create(ROOT_GFID, "b", object(gfid)))).toBe("TREE_GFID_EXISTS");
  await first;
  expect(medium.blobs.get(gfid)).toBe(blob);
});

it("answers an unlink whose data does not go", async () => {
  await crash({ remove: fail });
  await fixture.file("f", "data");
  await fixture.tree.unlink(ROOT_GFID, "f");
  expect(fixture.names()).toEqual([]);
});

it("ends the emptying of a file that had moved when it was killed", async () => {
  await crash({ truncate: hang });
  const gfid = await fixture.file("s", "content");
  void fixture.tree.commitMoved(gfid, "brick-d", 5n).catch(() => "killed");
  await expect.poll(() => fixture.tree.linkto(gfid)).toBe("brick-d");
  expect(await codeOf(() => fixture.text(gfid))).toBe("TREE_MOVED");
  await crash();
  expect(fixture.tree.recovered).toEqual({ unlinked: 0, emptied: 1, orphans: 0 });
  expect(fixture.tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 0 });
  expect(fixture.tree.linkto(gfid)).toBe("brick-d");
});

it("commits though the data cannot be removed, and removes it at the next start", async () => {
  await crash({ truncate: fail });
  const gfid = await fixture.file("s", "content");
  const { poststat } = await fixture.tree.commitMoved(gfid, "brick-d", 5n);
  expect(poststat.size).toBe(0);
  expect(fixture.tree.linkto(gfid)).toBe("brick-d");
  await fixture.stop();
  faults = {};
  const store = createMemoryStore(medium);
  await store.close();
  await fixture.start();
  expect(fixture.tree.stat(gfid).size).toBe(0);
});

it("finds an adopted target empty, wherever it was killed", async () => {
  const gfid = newGfid();
  await fixture.tree.createTarget(ROOT_GFID, "t", object(gfid), "brick-s", { source, fence: 1n });
  await fixture.tree.write(gfid, 0, Buffer.from("old"), { token: { source, fence: 1n } });
  await crash({ truncate: hang });
  void fixture.tree.adoptTarget(gfid, "brick-s", { source, fence: 2n }).catch(() => "killed");
  await expect.poll(() => fixture.tree.target(gfid)?.fence).toBe(2n);
  await crash();
  expect(fixture.tree.stat(gfid).size).toBe(0);
  expect(fixture.tree.target(gfid)).toMatchObject({ source, fence: 2n, phase: "filling" });
});

it("prepares nothing whose data does not reach the disk", async () => {
  await crash({ sync: fail }, { keptBytesMax: 4 });
  const gfid = newGfid();
  const token = { source, fence: 1n };
  await fixture.tree.createTarget(ROOT_GFID, "t", object(gfid), "brick-s", token);
  const attributes = {
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: 0n,
    xattrs: new Map(),
  };
  const prepared = fixture.tree.prepareTarget(gfid, attributes, token, token.fence);
  await expect(prepared).rejects.toThrow("the disk is broken");
  expect(fixture.tree.target(gfid)?.phase).toBe("filling");
  const whole = { content: Buffer.from("whole"), attributes: { ...attributes, size: 5 } };
  const other = newGfid();
  const put = fixture.tree.putTarget(ROOT_GFID, "p", object(other), "brick-s", token, whole);
  await expect(put).rejects.toThrow("the disk is broken");
  expect(fixture.tree.isLinked(other)).toBe(false);
  await fixture.tree.write(gfid, 0, Buffer.from("on"), { token });
});

it("takes the blob's own time for times that a kill lost, and never for older ones", async () => {
  const written = await fixture.file("written", "data");
  const set = await fixture.file("set", "data");
  await fixture.tree.setattr(set, { mtimeNs: 42n });
  await crash();
  expect(fixture.tree.stat(set)).toMatchObject({ mtime: 0, mtimeNsec: 42 });
  // Within the same instant of the medium's clock the record counts.
  expect(fixture.tree.stat(written).mtime).toBe(1_700_000_000);
  const later = medium.blobs.get(written);
  if (later !== undefined) later.wallModifiedMs += 1;
  expect(fixture.tree.stat(written)).toMatchObject({ mtime: 1_700_000_500, mtimeNsec: 251_000_000 });
});

it("keeps the times of a write that came while others were being persisted", async () => {
  const gfid = await fixture.file("f", "data");
  let acknowledge = () => {};
  commits = new Promise<void>((resolve) => (acknowledge = resolve));
  const set = fixture.tree.setattr(gfid, { mtimeNs: 42n });
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  fixture.nowNs += 5n;
  await fixture.tree.write(gfid, 0, Buffer.from("x"));
  acknowledge();
  await set;
  expect(fixture.tree.stat(gfid).mtimeNsec).toBe(123_456_794);
});

it("leaves a file whose data is lost visible, and says so when it is read", async () => {
  const gfid = await fixture.file("f", "data");
  await fixture.store.data.remove(gfid);
  expect(fixture.tree.stat(gfid)).toMatchObject({ size: 0, nlink: 1 });
  expect(await codeOf(() => fixture.text(gfid))).toBe("STORE_BLOB_MISSING");
  await fixture.tree.unlink(ROOT_GFID, "f");
});
