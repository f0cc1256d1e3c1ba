import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { GatheredChanges } from "../../src/tree/gathered-changes.js";
import { treeOptions } from "../../src/tree/options.js";
import { recover } from "../../src/tree/recovery.js";
import { type TreeChange, TreeContext } from "../../src/tree/tree-context.js";

/** A context that tells how many changes were made. */
async function countedContext() {
  const store = createMemoryStore();
  const counted = { changes: 0 };
  const transact: typeof store.meta.transact = (work, survives) => {
    counted.changes += 1;
    return store.meta.transact(work, survives);
  };
  const context = new TreeContext(
    { ...store, meta: { ...store.meta, transact } },
    treeOptions.parse({}),
    () => 1n,
  );
  await recover(context);
  counted.changes = 0;
  return { context, counted };
}

const nlink = (to: number) => (change: TreeChange) =>
  void change.putInode(ROOT_GFID, { ...change.needInode(ROOT_GFID), nlink: to });

it("makes one transaction of all that is asked for while one is under way, in order", async () => {
  const { context, counted } = await countedContext();
  const gathered = new GatheredChanges(context);
  await Promise.all([2, 3, 4, 5].map((count) => gathered.change(nlink(count))));
  expect([counted.changes, context.records.needInode(ROOT_GFID).nlink]).toEqual([2, 5]);
  await gathered.change(nlink(6));
  expect([counted.changes, context.records.needInode(ROOT_GFID).nlink]).toEqual([3, 6]);
});

it("tells whoever's change fails, and makes the others", async () => {
  const { context } = await countedContext();
  const gathered = new GatheredChanges(context);
  const fail = () => {
    throw new Error("not this one");
  };
  const made = [nlink(2), nlink(3), fail, nlink(4)].map((work) => gathered.change(work));
  const outcomes = await Promise.allSettled(made);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(context.records.needInode(ROOT_GFID).nlink).toBe(4);
});
