import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { codeOf, onBothStores, type TreeFixture } from "./tree-fixture.js";

onBothStores("rename", (current: () => TreeFixture) => {
  const rename = (oldParent: Gfid, oldName: string, newParent: Gfid, newName: string) =>
    current().tree.rename(oldParent, oldName, newParent, newName);

  it("moves a name within a directory and between two", async () => {
    const fixture = current();
    const directory = await fixture.directory("d");
    const gfid = await fixture.file("a", "data");
    fixture.nowNs += 1_000n;
    const within = await rename(ROOT_GFID, "a", ROOT_GFID, "b");
    expect(within).toMatchObject({ stat: { gfid, ctimeNsec: 123_457_789 }, replaced: undefined });
    expect(within.postoldparent).toEqual(within.postnewparent);
    const between = await rename(ROOT_GFID, "b", directory, "c");
    expect(between.postnewparent).toEqual(fixture.tree.stat(directory));
    expect(between.postoldparent).toEqual(fixture.tree.stat(ROOT_GFID));
    expect(fixture.names()).toEqual(["d"]);
    expect(fixture.tree.links(gfid)).toEqual([{ parent: directory, name: "c" }]);
    expect(await fixture.text(gfid)).toBe("data");
  });

  it("replaces a file and removes its data", async () => {
    const fixture = current();
    const [a, b] = [await fixture.file("a", "new"), await fixture.file("b", "old")];
    const { replaced } = await rename(ROOT_GFID, "a", ROOT_GFID, "b");
    expect(replaced).toEqual({ gfid: b, nlink: 0 });
    expect(fixture.names()).toEqual(["b"]);
    expect(await fixture.text(a)).toBe("new");
    expect(fixture.store.data.stat(b)).toBeUndefined();
  });

  it("keeps a replaced file that has another name or is held", async () => {
    const fixture = current();
    const [, b] = [await fixture.file("a"), await fixture.file("b", "old")];
    await fixture.tree.link(b, ROOT_GFID, "b2");
    fixture.tree.hold(b);
    expect((await rename(ROOT_GFID, "a", ROOT_GFID, "b")).replaced).toEqual({ gfid: b, nlink: 1 });
    expect((await rename(ROOT_GFID, "b", ROOT_GFID, "b2")).replaced).toEqual({ gfid: b, nlink: 0 });
    expect(await fixture.text(b)).toBe("old");
    fixture.tree.release(b);
  });

  it("does nothing when both names are one object's", async () => {
    const fixture = current();
    const gfid = await fixture.file("a");
    await fixture.tree.link(gfid, ROOT_GFID, "b");
    await rename(ROOT_GFID, "a", ROOT_GFID, "b");
    await rename(ROOT_GFID, "a", ROOT_GFID, "a");
    expect(fixture.names()).toEqual(["a", "b"]);
    expect(fixture.tree.stat(gfid).nlink).toBe(2);
  });

  it("moves directories, and counts them where they are", async () => {
    const fixture = current();
    const [a, b] = [await fixture.directory("a"), await fixture.directory("b")];
    const inner = await fixture.directory("inner", a);
    await rename(a, "inner", b, "inner");
    expect([a, b, ROOT_GFID].map((gfid) => fixture.tree.stat(gfid).nlink)).toEqual([2, 3, 4]);
    expect(fixture.tree.lookup(inner, "..").stat.gfid).toBe(b);
    await rename(ROOT_GFID, "a", ROOT_GFID, "c");
    expect(fixture.tree.stat(ROOT_GFID).nlink).toBe(4);
    await rename(b, "inner", ROOT_GFID, "c");
    expect([b, ROOT_GFID].map((gfid) => fixture.tree.stat(gfid).nlink)).toEqual([2, 4]);
    expect(fixture.names().sort()).toEqual(["b", "c"]);
  });

  it("keeps to the rules of what replaces what", async () => {
    const fixture = current();
    const directory = await fixture.directory("full");
    await fixture.file("x", "", directory);
    await fixture.directory("empty");
    await fixture.file("file");
    expect(await codeOf(() => rename(ROOT_GFID, "file", ROOT_GFID, "empty"))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => rename(ROOT_GFID, "empty", ROOT_GFID, "file"))).toBe("TREE_NOT_DIRECTORY");
    expect(await codeOf(() => rename(ROOT_GFID, "empty", ROOT_GFID, "full"))).toBe("TREE_NOT_EMPTY");
    const inner = await fixture.directory("inner", directory);
    await fixture.file("f", "", inner);
    // A file too: a directory that it is in is not to be replaced.
    expect(await codeOf(() => rename(inner, "f", ROOT_GFID, "full"))).toBe("TREE_NOT_EMPTY");
    await fixture.file("g");
    expect(await codeOf(() => rename(ROOT_GFID, "g", ROOT_GFID, "full"))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => rename(ROOT_GFID, "none", ROOT_GFID, "x"))).toBe("TREE_NO_ENTRY");
    expect(await codeOf(() => rename(ROOT_GFID, "..", ROOT_GFID, "x"))).toBe("TREE_INVALID");
    expect(fixture.names().sort()).toEqual(["empty", "file", "full", "g"]);
  });

  it("puts no directory inside itself", async () => {
    const fixture = current();
    const a = await fixture.directory("a");
    const b = await fixture.directory("b", a);
    const c = await fixture.directory("c", b);
    for (const inside of [a, b, c]) {
      expect(await codeOf(() => rename(ROOT_GFID, "a", inside, "x"))).toBe("TREE_INSIDE_ITSELF");
    }
    expect(fixture.tree.path(c)).toBe("/a/b/c");
    // Two moves that are each fine and together make a ring: one must lose.
    const d = await fixture.directory("d");
    const results = await Promise.all([
      codeOf(() => rename(ROOT_GFID, "a", d, "a")),
      codeOf(() => rename(ROOT_GFID, "d", a, "d")),
    ]);
    expect(results).toEqual(["no error", "TREE_INSIDE_ITSELF"]);
  });
});
