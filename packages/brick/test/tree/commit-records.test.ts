import { type Gfid, NULL_GFID, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { objectKey, RecordKind } from "../../src/tree/tree-keys.js";
import { newGfid, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

onBothStores("what is remembered of commits", (current: () => TreeFixture) => {
  async function moved(name: string, epoch: bigint, linkto = "brick-d"): Promise<Gfid> {
    const gfid = await current().file(name, "content");
    await current().tree.commitMoved(gfid, linkto, epoch);
    return gfid;
  }

  it("outlasts the link file, and a restart", async () => {
    const fixture = current();
    const gfid = await moved("f", 7n);
    await fixture.tree.unlink(ROOT_GFID, "f", { onlyLinkFile: true });
    await fixture.restart();
    expect(fixture.tree.isLinked(gfid)).toBe(false);
    expect(fixture.tree.committed(gfid)).toEqual({ epoch: 7n, linkto: "brick-d" });
  });

  it("is nothing for a file that was removed, whose commit is known not to have been", async () => {
    const { tree } = current();
    const gfid = await current().file("f", "content");
    await tree.unlink(ROOT_GFID, "f");
    expect(tree.committed(gfid)).toEqual({ since: 0n });
  });

  it("is forgotten once it is published, but not by the word about an earlier commit", async () => {
    const fixture = current();
    const gfid = await moved("f", 7n);
    fixture.tree.forgetCommit(gfid, 6n);
    await fixture.restart();
    expect(fixture.tree.committed(gfid)).toMatchObject({ epoch: 7n });
    fixture.tree.forgetCommit(gfid, 7n);
    await fixture.restart();
    expect(fixture.tree.committed(gfid)).toEqual({ since: 0n });
  });

  it("is bounded: the oldest quarter is forgotten, and then nobody knows any more", async () => {
    const fixture = current();
    await fixture.restart({ commitsMax: 8 });
    const gfids: Gfid[] = [];
    for (let index = 0; index < 9; index += 1) gfids.push(await moved(`f${index}`, BigInt(20 - index)));
    const known = gfids.map((gfid) => "epoch" in fixture.tree.committed(gfid));
    expect(known).toEqual([true, true, true, true, true, true, false, false, true]);
    // Those under epochs 13 and 14: of a commit under a higher one it is still known that there was none.
    expect(fixture.tree.committed(newGfid())).toEqual({ since: 14n });
    await fixture.restart({ commitsMax: 8 });
    expect(fixture.tree.committed(newGfid())).toEqual({ since: 14n });
    await moved("more", 30n);
    expect("epoch" in fixture.tree.committed(gfids[0] as Gfid)).toBe(true);
  });

  it("takes one place for each file, however often that came back and moved away", async () => {
    const fixture = current();
    await fixture.restart({ commitsMax: 8 });
    const gfid = await moved("f", 1n);
    const other = await moved("g", 2n);
    for (let epoch = 3n; epoch < 23n; epoch += 1n) {
      await fixture.tree.unlink(ROOT_GFID, "f", { onlyLinkFile: true });
      await fixture.tree.create(ROOT_GFID, "f", object(gfid));
      await fixture.tree.commitMoved(gfid, "brick-d", epoch);
    }
    expect(fixture.tree.committed(other)).toMatchObject({ epoch: 2n });
    expect(fixture.tree.committed(newGfid())).toEqual({ since: 0n });
    expect(fixture.tree.committed(gfid)).toMatchObject({ epoch: 22n });
  });

  it("is unknown in a store that was made before there were such records", async () => {
    const fixture = current();
    await fixture.store.meta.transact((tx) => tx.delete(objectKey(RecordKind.commit, NULL_GFID)));
    await fixture.restart();
    expect(fixture.tree.committed(newGfid())).toEqual({ since: 2n ** 64n - 1n });
    expect(fixture.tree.committed(await moved("f", 7n))).toMatchObject({ epoch: 7n });
  });

  it("tells of targets by the page, in the order of their gfids", async () => {
    const { tree } = current();
    const token = { source: newGfid(), fence: 5n };
    const gfids = Array.from({ length: 7 }, newGfid);
    for (const gfid of gfids) await tree.createTarget(ROOT_GFID, gfid, object(gfid), "brick-s", token);
    const told: Gfid[] = [];
    for (let after = NULL_GFID; ;) {
      const page = tree.targets(after, 3).map(({ gfid }) => gfid);
      told.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
    }
    expect(told).toEqual(gfids.toSorted());
  });
});
