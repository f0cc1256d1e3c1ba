import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmallDisk } from "@brickshift/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrickStore } from "../../src/index.js";
import { openDiskStore } from "../../src/store-disk.js";
import { copyAfter } from "../copy-after.js";

const SIZE_BYTES = 16 * 1_048_576;
let small: SmallDisk;
let disk: string;
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), "brickshift-full-"));
  small = SmallDisk.mount(disk, SIZE_BYTES);
});
afterEach(() => {
  small.unmount();
  rmSync(disk, { recursive: true });
});

const open = () => openDiskStore({ directory: join(disk, "store") });

function fill(): void {
  small.fill();
  expect(small.freeBytes).toBe(0);
}

const empty = () => small.empty();

/** How changes of single keys end, made at one time: "kept", or the code of the refusal. */
async function outcomes(changes: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const ends = changes.map((change) =>
    change.then(
      () => "kept",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  return [...new Set(await Promise.all(ends))];
}

const put = (store: BrickStore, key: string, length = 600) =>
  store.meta.transact((tx) => tx.put(Buffer.from(key), Buffer.alloc(length, 7)));

const remove = (store: BrickStore, key: string) => store.meta.transact((tx) => tx.delete(Buffer.from(key)));

function keys(store: BrickStore): readonly string[] {
  const all = store.meta.range({ from: Buffer.from(" "), to: Buffer.from("~") });
  return [...all].map(({ key }) => Buffer.from(key).toString());
}

// A promise of lmdb that nobody takes fails the test run: it would end the process of a brick.
it("refuses records that a full disk has no room for, and takes them when there is room", async () => {
  const store = await open();
  expect(await outcomes([put(store, "before")])).toEqual(["kept"]);
  fill();
  for (let round = 0; round < 4; round += 1) {
    expect(await outcomes(["a", "b", "c"].map((key) => put(store, key)))).toEqual(["STORE_NO_SPACE"]);
  }
  empty();
  expect(await outcomes(["d", "e"].map((key) => put(store, key)))).toEqual(["kept"]);
  await store.check();
  expect(keys(store)).toEqual(["before", "d", "e"]);
  await store.close();
});

it.each([1, 30])(
  "lets every record be changed and removed on a full disk, %i at one time",
  async (together) => {
    const store = await open();
    const names = Array.from({ length: 1_200 }, (_, index) => `key-${index}`);
    await Promise.all(names.map((name) => put(store, name)));
    fill();
    for (let at = 0; at < names.length; at += together) {
      const some = names.slice(at, at + together);
      expect(await outcomes(some.map((name) => put(store, name)))).toEqual(["kept"]);
      expect(await outcomes(some.map((name) => remove(store, name)))).toEqual(["kept"]);
    }
    expect(keys(store)).toEqual([]);
    await store.check();
    await store.close();
  },
);

it.each([
  [1, 16_384, 16],
  [8, 4_096, 16],
  [96, 600, 16],
  [1, 16_384, 128],
])(
  "fills a disk by transactions at one time, %i values of %i bytes in each, %i MiB",
  async (count, length, room) => {
    small.unmount();
    small = SmallDisk.mount(disk, room * 1_048_576);
    const store = await open();
    const all = Math.ceil((room * 1_048_576) / count / length);
    const names = Array.from({ length: all }, (_, index) => `key-${index}`);
    const putSome = (name: string) =>
      store.meta.transact((tx) => {
        for (let at = 0; at < count; at += 1) tx.put(Buffer.from(`${name}-${at}`), Buffer.alloc(length, 7));
      });
    const kept: string[] = [];
    const refusals = new Set<string>();
    const putKept = async (name: string) => {
      try {
        await putSome(name);
        kept.push(name);
      } catch (error) {
        refusals.add((error as Error).message);
      }
    };
    await Promise.all(names.map(putKept));
    // A commit that fails takes all of its transactions along, and is told in words of lmdb.
    expect([...refusals]).toEqual([`STORE_NO_SPACE: ${join(disk, "store")} has no room left`]);
    expect(kept.length).toBeGreaterThan(names.length / 3);
    const found = keys(store);
    expect(found).toHaveLength(kept.length * count);
    await store.close();
    const again = await open();
    expect(keys(again)).toEqual(found);
    expect(await outcomes(found.map((name) => remove(again, name)))).toEqual(["kept"]);
    expect(keys(again)).toEqual([]);
    await again.close();
  },
);

it("gives its reserve to what says that it makes room, and has it back when there is room", async () => {
  const store = await open();
  const reserve = () => statSync(join(disk, "store", "reserve")).size;
  const whole = reserve();
  expect(whole).toBe(1_048_576);
  fill();
  const urgent = store.meta.transact((tx) => {
    tx.useReserve();
    tx.put(Buffer.from("urgent"), Buffer.alloc(100_000, 7));
  });
  expect(await outcomes([urgent])).toEqual(["kept"]);
  expect(reserve()).toBeLessThan(whole);
  // What was given back is nobody's who makes the records larger, also when there is some room.
  expect(await outcomes([put(store, "more")])).toEqual(["STORE_NO_SPACE"]);
  small.fill(300_000);
  expect(await outcomes([put(store, "more")])).toEqual(["STORE_NO_SPACE"]);
  empty();
  expect(await outcomes([put(store, "more")])).toEqual(["kept"]);
  expect(reserve()).toBe(whole);
  expect(keys(store)).toEqual(["more", "urgent"]);
  await store.close();
});

it("closes and opens on a full disk", async () => {
  const store = await open();
  await put(store, "kept");
  fill();
  await store.close();
  // Whoever filled the disk takes the room of the lock as well.
  rmSync(join(disk, "ballast"));
  fill();
  const again = await open();
  expect(again.wasClosed).toBe(true);
  expect(keys(again)).toEqual(["kept"]);
  await remove(again, "kept");
  await again.close();
});

it("closes though the reserve is gone too, and is then a store that was not closed in order", async () => {
  const store = await open();
  await put(store, "kept");
  truncateSync(join(disk, "store", "reserve"), 0);
  fill();
  await expect(store.close()).rejects.toMatchObject({ code: "STORE_NO_SPACE" });
  empty();
  const again = await open();
  expect(again.wasClosed).toBe(false);
  expect(keys(again)).toEqual(["kept"]);
  await again.close();
});

it("tells nothing but a full disk when the reserve does not suffice", async () => {
  const store = await open();
  const names = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
  // One after the other: lmdb has free pages then, and is left with too few of them again and again.
  for (const name of names) await put(store, name);
  truncateSync(join(disk, "store", "reserve"), 0);
  fill();
  const ends = new Set<string>();
  for (const name of names) for (const end of await outcomes([remove(store, name)])) ends.add(end);
  ends.delete("kept");
  expect([...ends]).toEqual(["STORE_NO_SPACE"]);
  await store.close().catch(() => {});
});

it("says that there is no room, wherever the opening meets that, and opens when there is", async () => {
  const store = await open();
  await put(store, "kept");
  await store.close();
  const ends: string[] = [];
  for (let pages = 0; pages < 6; pages += 1) {
    truncateSync(join(disk, "store", "reserve"), 0);
    small.fill(pages * 4_096);
    ends.push(...(await outcomes([open().then((opened) => opened.close())])));
    empty();
  }
  expect(new Set(ends.slice(0, 2))).toEqual(new Set(["STORE_NO_SPACE"]));
  expect(new Set([...ends, "kept"])).toEqual(new Set(["STORE_NO_SPACE", "kept"]));
  const again = await open();
  expect(keys(again)).toEqual(["kept"]);
  await again.close();
});

it("takes records while there is room, though its reserve cannot be made", async () => {
  const first = await open();
  await first.close();
  const path = join(disk, "store", "reserve");
  rmSync(path);
  mkdirSync(path);
  const store = await open();
  expect(await outcomes([put(store, "a"), put(store, "b")])).toEqual(["kept"]);
  fill();
  expect(await outcomes([put(store, "c")])).toEqual(["STORE_NO_SPACE"]);
  empty();
  await store.close();
});

it("leaves a file of the reserve's name alone in a directory that is no store", async () => {
  const path = join(disk, "store", "reserve");
  mkdirSync(join(disk, "store"));
  writeFileSync(path, "somebody's");
  fill();
  const code = expect.stringMatching(/^STORE_(NO_SPACE|DAMAGED)$/);
  await expect(open()).rejects.toMatchObject({ code });
  empty();
  await expect(open()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  expect(readFileSync(path, "utf8")).toBe("somebody's");
});

describe("what need not survive a power cut", () => {
  const putOff = (store: BrickStore, key: string) =>
    store.meta.transact((tx) => tx.put(Buffer.from(key), Buffer.alloc(600, 7)), "kill");
  /** What there is after a power cut that took all that was not synced. */
  async function afterPowerCut(): Promise<readonly string[]> {
    const copy = mkdtempSync(join(tmpdir(), "brickshift-cut-"));
    copyAfter("power-cut", join(disk, "store"), copy);
    const store = await openDiskStore({ directory: copy });
    const found = keys(store);
    await store.close();
    rmSync(copy, { recursive: true });
    return found;
  }

  it("is not put off where there is little room", async () => {
    const store = await open();
    await putOff(store, "a");
    expect(await afterPowerCut()).toEqual(["a"]);
    fill();
    expect(await outcomes([putOff(store, "b")])).toEqual(["STORE_NO_SPACE"]);
    await store.close();
  });

  /** A disk with room to put changes off, and a store of so many records on it that each change needs a page of its own. */
  async function largeStore(): Promise<BrickStore> {
    small.unmount();
    small = SmallDisk.mount(disk, 160 * 1_048_576);
    const store = await open();
    const olds = Array.from({ length: 20_000 }, (_, index) => `${String(index * 5).padStart(5, "0")}-old`);
    await Promise.all(olds.map((name) => put(store, name)));
    return store;
  }
  const spread = (count: number) =>
    Array.from({ length: count }, (_, index) => `${String((index * 7_919) % 100_000).padStart(5, "0")}-key`);
  const missing = (names: readonly string[], found: readonly string[]) => {
    const known = new Set(found);
    return names.filter((name) => !known.has(name));
  };

  it.each([
    [250, 1],
    [4_096, 4_096],
  ])(
    "has its room in the reserve when the disk fills up before it has come to lmdb, %i keys by %i",
    async (count, together) => {
      const store = await largeStore();
      const names = spread(count);
      const changes: Promise<void>[] = [];
      for (let at = 0; at < count; at += together) {
        const some = names.slice(at, at + together);
        changes.push(
          store.meta.transact((tx) => {
            for (const name of some) tx.put(Buffer.from(name), Buffer.alloc(600, 7));
          }, "kill"),
        );
      }
      // Nothing is waited for between, so that no timer comes first.
      await Promise.all(changes);
      fill();
      expect(await outcomes([remove(store, "00000-old")])).toEqual(["kept"]);
      await store.meta.sync();
      empty();
      expect(missing(names, await afterPowerCut())).toEqual([]);
      await store.close();
    },
  );

  it("is brought to lmdb by the start after a kill, on a disk that is full", async () => {
    const store = await largeStore();
    const names = spread(250);
    await Promise.all(names.map((name) => putOff(store, name)));
    const killed = join(disk, "killed");
    copyAfter("kill", join(disk, "store"), killed);
    fill();
    const again = await openDiskStore({ directory: killed });
    expect(missing(names, keys(again))).toEqual([]);
    await again.close();
    empty();
    await store.close();
  });

  it("is brought to lmdb once there is room, though nobody asks for anything more", async () => {
    const store = await largeStore();
    const names = spread(250);
    await Promise.all(names.map((name) => putOff(store, name)));
    rmSync(join(disk, "store", "reserve"));
    fill();
    await expect(store.meta.sync()).rejects.toMatchObject({ code: "STORE_NO_SPACE" });
    empty();
    while (missing(names, await afterPowerCut()).length > 0);
    await store.close();
  });
});
