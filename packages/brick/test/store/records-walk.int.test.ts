import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@brickshift/testkit";
import { ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { faultOfRecords } from "../../src/store/disk/records-file.js";
import { createTree } from "../../src/tree/create-tree.js";
import { newGfid, object } from "../tree/tree-fixture.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "brickshift-walk-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const fault = (name = "meta") => faultOfRecords(join(directory, name));

it("opens a store in which a record was made smaller by the commit that made it large", async () => {
  const store = await openDiskStore({ directory });
  const tree = await createTree(store);
  const gfid = newGfid();
  await tree.mkdir(ROOT_GFID, "a", object(gfid));
  const sizes = [60_000, 9_000, 10];
  // Asked for at once, so that lmdb takes them into one commit.
  const sets = sizes.map((size) => tree.setXattrs(gfid, new Map([["user.a", Buffer.alloc(size, 7)]])));
  await Promise.all(sets);
  await tree.close();
  await store.close();
  expect(fault()).toBeUndefined();
  const again = await openDiskStore({ directory });
  const opened = await createTree(again);
  expect(opened.getXattr(gfid, "user.a")).toHaveLength(10);
  await opened.close();
  await again.close();
});

it.each([1, 2, 3])(
  "finds nothing wrong with a store in use, whatever was put and deleted, seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const keysMax = random.pick([10, 200, 3_000]);
    const keyOf = (index: number) => {
      const head = Buffer.of(1 + (index & 7), index >> 8, index & 255);
      return Buffer.concat([head, Buffer.alloc((index * 37) % 250, index)]);
    };
    let store = await openDiskStore({ directory });
    for (let round = 0; round < 100; round += 1) {
      const deleted = random.pick([0.1, 0.5, 0.95]);
      const changes = Array.from({ length: random.pick([1, 3, 20, 300]) }, () => {
        const key = keyOf(random.below(keysMax));
        const isDeleted = random.chance(deleted);
        const isLarge = random.chance(0.3);
        const bytes = 1 + random.below(isLarge ? random.pick([3_000, 20_000, 200_000]) : 150);
        return store.meta.transact((tx) =>
          isDeleted ? tx.delete(key) : tx.put(key, Buffer.alloc(bytes, round)),
        );
      });
      await Promise.all(changes);
      // As a kill leaves it.
      copyFileSync(join(directory, "meta"), join(directory, "copy"));
      expect({ round, fault: fault("copy") }).toEqual({ round, fault: undefined });
      if (!random.chance(0.05)) continue;
      await store.close();
      expect({ round, fault: fault() }).toEqual({ round, fault: undefined });
      store = await openDiskStore({ directory });
    }
    await store.close();
  },
);
