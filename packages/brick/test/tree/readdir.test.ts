import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { codeOf, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

onBothStores("directories", (current: () => TreeFixture) => {
  function pages(fixture: TreeFixture, pageEntries: number, between: () => void = () => {}): string[] {
    const names: string[] = [];
    for (let cookie = 0n; ;) {
      const { entries, atEnd } = fixture.tree.readdir(ROOT_GFID, cookie, pageEntries);
      names.push(...entries.map(({ name }) => name));
      if (atEnd) return names;
      expect(entries.length).toBe(pageEntries);
      cookie = entries.at(-1)?.cookie ?? 0n;
      between();
    }
  }

  it.each([1, 2, 3, 7, 100])("gives every entry once in pages of %i", async (pageEntries) => {
    const fixture = current();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    for (const name of names) await fixture.file(name);
    expect(pages(fixture, pageEntries)).toEqual([".", "..", ...names]);
  });

  it("gives an entry that stays exactly once while others come and go", async () => {
    const fixture = current();
    const stay = Array.from({ length: 30 }, (_, index) => `stay${index}`);
    for (const name of stay) {
      await fixture.file(name);
      await fixture.file(`go-${name}`);
    }
    const names: string[] = [];
    let step = 0;
    for (let cookie = 0n; ; step += 1) {
      const { entries, atEnd } = fixture.tree.readdir(ROOT_GFID, cookie, 5);
      names.push(...entries.map(({ name }) => name));
      if (atEnd) break;
      cookie = entries.at(-1)?.cookie ?? 0n;
      await fixture.tree.unlink(ROOT_GFID, `go-stay${step}`);
      if (step < 5) await fixture.file(`new${step}`);
    }
    expect(names.filter((name) => name.startsWith("stay"))).toEqual(stay);
    expect(step).toBeGreaterThan(8);
  });

  it("goes on from a cookie after the entry is gone and the brick has restarted", async () => {
    const fixture = current();
    for (const name of ["a", "b", "c", "d"]) await fixture.file(name);
    const { cookie } = fixture.tree.readdir(ROOT_GFID, 0n, 4).entries[3] as { cookie: bigint };
    await fixture.tree.unlink(ROOT_GFID, "b");
    await fixture.restart();
    expect(fixture.tree.readdir(ROOT_GFID, cookie, 10)).toMatchObject({
      entries: [{ name: "c" }, { name: "d" }],
      atEnd: true,
    });
    expect(fixture.tree.readdir(ROOT_GFID, 2n ** 63n - 1n, 10)).toEqual({ entries: [], atEnd: true });
  });

  it("never gives a cookie twice, nor one beyond 63 bits", async () => {
    const fixture = current();
    await fixture.file("a");
    const first = fixture.tree.readdir(ROOT_GFID, 2n, 1).entries[0]?.cookie ?? 0n;
    await fixture.tree.unlink(ROOT_GFID, "a");
    await fixture.file("a");
    const second = fixture.tree.readdir(ROOT_GFID, 2n, 1).entries[0]?.cookie ?? 0n;
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThan(2n ** 63n);
  });

  it("lists directories only, and an emptied one that is held", async () => {
    const fixture = current();
    const file = await fixture.file("f");
    expect(await codeOf(() => fixture.tree.readdir(file, 0n, 1))).toBe("TREE_NOT_DIRECTORY");
    const directory = await fixture.directory("d");
    fixture.tree.hold(directory);
    await fixture.tree.rmdir(ROOT_GFID, "d");
    expect(fixture.names(directory)).toEqual([]);
    expect(await codeOf(() => fixture.tree.create(directory, "x", object()))).toBe("TREE_STALE");
  });
});
