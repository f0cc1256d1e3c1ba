import { NULL_GFID, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createTree } from "../../src/tree/create-tree.js";
import { storeThatTransacts } from "../paused-store.js";
import { codeOf, newGfid, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

onBothStores("names", (current: () => TreeFixture) => {
  it("begins with an empty root of inode number 1", () => {
    const { tree } = current();
    expect(tree.stat(ROOT_GFID)).toMatchObject({ ino: 1n, mode: 0o40755, nlink: 2, flags: 0x17ff });
    expect(current().names()).toEqual([]);
  });

  it("makes an object with the gfid, owner, mode and xattrs it is given", async () => {
    const { tree, nowNs } = current();
    const gfid = newGfid();
    const xattrs = new Map([["user.a", Buffer.from("1")]]);
    const made = await tree.create(ROOT_GFID, "f", { ...object(gfid), mode: 0o107644, xattrs });
    expect(made.stat).toMatchObject({ gfid, uid: 10, gid: 20, mode: 0o107644, nlink: 1, size: 0 });
    expect(made.stat.ino).toBe(BigInt(`0x${gfid.replaceAll("-", "").slice(16)}`));
    expect(made.stat).toMatchObject({ mtime: Number(nowNs / 1_000_000_000n), mtimeNsec: 123_456_789 });
    expect(Buffer.from(tree.getXattr(gfid, "user.a")).toString()).toBe("1");
    expect(tree.lookup(ROOT_GFID, "f").stat).toEqual(made.stat);
    expect(tree.links(gfid)).toEqual([{ parent: ROOT_GFID, name: "f" }]);
  });

  it("shows the parent before and after", async () => {
    const fixture = current();
    const before = fixture.tree.stat(ROOT_GFID);
    fixture.nowNs += 5n;
    const made = await fixture.tree.mkdir(ROOT_GFID, "d", object());
    expect(made.preparent).toEqual(before);
    expect(made.postparent).toMatchObject({ nlink: 3, mtimeNsec: before.mtimeNsec + 5 });
    expect(fixture.tree.lookup(ROOT_GFID, "d").parent).toEqual(made.postparent);
  });

  it("refuses a name or a gfid that exists, and leaves nothing behind", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "content");
    const other = newGfid();
    expect(await codeOf(() => fixture.tree.create(ROOT_GFID, "f", object(other)))).toBe("TREE_EXISTS");
    expect(await codeOf(() => fixture.tree.mkdir(ROOT_GFID, "f", object()))).toBe("TREE_EXISTS");
    expect(await codeOf(() => fixture.tree.create(ROOT_GFID, "g", object(gfid)))).toBe("TREE_GFID_EXISTS");
    expect(await codeOf(() => fixture.tree.stat(other))).toBe("TREE_STALE");
    expect(fixture.store.data.stat(other)).toBeUndefined();
    expect(await fixture.text(gfid)).toBe("content");
    expect(fixture.names()).toEqual(["f"]);
  });

  it("lets one of many that make the same name or the same gfid win", async () => {
    const fixture = current();
    const gfid = newGfid();
    const sameGfid = await Promise.allSettled(
      [1, 2, 3].map((n) => fixture.tree.create(ROOT_GFID, `n${n}`, object(gfid))),
    );
    expect(sameGfid.filter(({ status }) => status === "fulfilled").length).toBe(1);
    const gfids = [newGfid(), newGfid(), newGfid()];
    const sameName = await Promise.allSettled(
      gfids.map((own) => fixture.tree.create(ROOT_GFID, "x", object(own))),
    );
    expect(sameName.filter(({ status }) => status === "fulfilled").length).toBe(1);
    const winner = fixture.tree.lookup(ROOT_GFID, "x").stat.gfid;
    for (const own of gfids) expect(fixture.store.data.stat(own) !== undefined).toBe(own === winner);
    expect(fixture.store.data.stat(gfid)?.size).toBe(0);
  });

  it("takes the place of a blob that a removal left behind", async () => {
    const fixture = current();
    const gfid = newGfid();
    await fixture.store.data.create(gfid);
    await fixture.store.data.write(gfid, 0, Buffer.from("old"));
    await fixture.tree.create(ROOT_GFID, "f", object(gfid));
    expect(await fixture.text(gfid)).toBe("");
  });

  it("refuses names that are no names", async () => {
    const { tree } = current();
    const make = (name: string) => codeOf(() => tree.create(ROOT_GFID, name, object()));
    expect(await make("")).toBe("TREE_NAME_INVALID");
    expect(await make("a/b")).toBe("TREE_NAME_INVALID");
    expect(await make("a\0b")).toBe("TREE_NAME_INVALID");
    expect(await make(".")).toBe("TREE_EXISTS");
    expect(await make("x".repeat(256))).toBe("TREE_NAME_TOO_LONG");
    expect(await make("ü".repeat(128))).toBe("TREE_NAME_TOO_LONG");
    expect(await make("ü".repeat(127))).toBe("no error");
    expect(await codeOf(() => tree.lookup(ROOT_GFID, "x".repeat(256)))).toBe("TREE_NAME_TOO_LONG");
  });

  it("keeps names of any bytes apart", async () => {
    const fixture = current();
    const names = ["\u{dcff}", "\u{dcfe}", "ÿ", "é", "e\u0301"];
    for (const name of names) await fixture.file(name, name);
    expect(fixture.names()).toEqual(names);
    for (const name of names) expect(fixture.tree.lookup(ROOT_GFID, name).stat.size).toBeGreaterThan(0);
  });

  it("tells an unknown object, a missing name and a parent that is no directory apart", async () => {
    const fixture = current();
    const file = await fixture.file("f");
    expect(await codeOf(() => fixture.tree.lookup(newGfid(), "x"))).toBe("TREE_STALE");
    expect(await codeOf(() => fixture.tree.lookup(file, "x"))).toBe("TREE_NOT_DIRECTORY");
    expect(await codeOf(() => fixture.tree.lookup(ROOT_GFID, "x"))).toBe("TREE_NO_ENTRY");
    expect(await codeOf(() => fixture.tree.create(file, "x", object()))).toBe("TREE_NOT_DIRECTORY");
    expect(await codeOf(() => fixture.tree.create(newGfid(), "x", object()))).toBe("TREE_STALE");
  });

  it("gives the setgid parent's group to what is made in it, and the bit to directories", async () => {
    const fixture = current();
    const directory = newGfid();
    await fixture.tree.mkdir(ROOT_GFID, "d", { ...object(directory), mode: 0o2775, gid: 77 });
    const file = await fixture.tree.create(directory, "f", object());
    const inner = await fixture.tree.mkdir(directory, "d", object());
    expect(file.stat).toMatchObject({ gid: 77, mode: 0o100644 });
    expect(inner.stat).toMatchObject({ gid: 77, mode: 0o42644 });
  });

  it("makes devices, pipes and sockets, and no directories, by mknod", async () => {
    const { tree } = current();
    const device = await tree.mknod(ROOT_GFID, "c", { ...object(), mode: 0o020600, rdev: 0x103n });
    expect(device.stat).toMatchObject({ mode: 0o020600, rdev: 0x1_0000_0003n, size: 0 });
    const pipe = await tree.mknod(ROOT_GFID, "p", { ...object(), mode: 0o010600 });
    expect(await codeOf(() => tree.write(pipe.stat.gfid, 0, Buffer.from("x")))).toBe("TREE_NOT_A_FILE");
    expect((await tree.mknod(ROOT_GFID, "f", { ...object(), mode: 0o600 })).stat.mode).toBe(0o100600);
    expect(await codeOf(() => tree.mknod(ROOT_GFID, "d", { ...object(), mode: 0o040755 }))).toBe(
      "TREE_INVALID",
    );
  });

  it("makes symbolic links and reads them", async () => {
    const { tree } = current();
    const made = await tree.symlink(ROOT_GFID, "l", "../\u{dcff}/x", object());
    expect(made.stat).toMatchObject({ size: 6, mode: 0o120644 });
    expect(tree.readlink(made.stat.gfid).target).toBe("../\u{dcff}/x");
    expect(await codeOf(() => tree.readlink(ROOT_GFID))).toBe("TREE_INVALID");
    const long = "x".repeat(4096);
    expect(await codeOf(() => tree.symlink(ROOT_GFID, "m", long, object()))).toBe("TREE_TARGET_TOO_LONG");
    expect(await codeOf(() => tree.symlink(ROOT_GFID, "m", "", object()))).toBe("TREE_NO_ENTRY");
  });

  it("gives a file more names, up to the limit, and no directory one", async () => {
    const fixture = current();
    await fixture.restart({ linksMax: 2 });
    const { tree } = fixture;
    const gfid = await fixture.file("a", "data");
    const directory = await fixture.directory("d");
    expect((await tree.link(gfid, directory, "b")).stat.nlink).toBe(2);
    expect(tree.links(gfid)).toHaveLength(2);
    expect(tree.lookup(directory, "b").stat.gfid).toBe(gfid);
    expect(await codeOf(() => tree.link(gfid, directory, "c"))).toBe("TREE_LINKS_MAX");
    expect(await codeOf(() => tree.link(directory, ROOT_GFID, "e"))).toBe("TREE_NOT_PERMITTED");
    expect(await codeOf(() => tree.link(directory, ROOT_GFID, "a"))).toBe("TREE_EXISTS");
    expect(await codeOf(() => tree.link(gfid, ROOT_GFID, "d"))).toBe("TREE_EXISTS");
    const removed = await tree.unlink(ROOT_GFID, "a");
    expect(removed).toMatchObject({ gfid, nlink: 1 });
    expect(await fixture.text(gfid)).toBe("data");
    expect(tree.path(gfid)).toBe("/d/b");
  });

  it("removes a file with its data, and a directory only when it is empty", async () => {
    const fixture = current();
    const { tree } = fixture;
    const directory = await fixture.directory("d");
    const gfid = await fixture.file("f", "data", directory);
    expect(await codeOf(() => tree.unlink(ROOT_GFID, "d"))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => tree.rmdir(directory, "f"))).toBe("TREE_NOT_DIRECTORY");
    expect(await codeOf(() => tree.rmdir(ROOT_GFID, "d"))).toBe("TREE_NOT_EMPTY");
    expect(await codeOf(() => tree.rmdir(ROOT_GFID, "."))).toBe("TREE_INVALID");
    expect(await codeOf(() => tree.unlink(ROOT_GFID, "x"))).toBe("TREE_NO_ENTRY");
    expect(await tree.unlink(directory, "f")).toMatchObject({ gfid, nlink: 0 });
    expect(fixture.store.data.stat(gfid)).toBeUndefined();
    expect(await codeOf(() => tree.stat(gfid))).toBe("TREE_STALE");
    const removed = await tree.rmdir(ROOT_GFID, "d");
    expect([removed.preparent.nlink, removed.postparent.nlink]).toEqual([3, 2]);
    expect(await codeOf(() => tree.create(directory, "x", object()))).toBe("TREE_STALE");
  });

  it("lets only one of many unlinks of a name succeed", async () => {
    const fixture = current();
    await fixture.file("f");
    const results = await Promise.all([1, 2, 3].map(() => codeOf(() => fixture.tree.unlink(ROOT_GFID, "f"))));
    expect(results.sort()).toEqual(["TREE_NO_ENTRY", "TREE_NO_ENTRY", "no error"]);
  });

  it("keeps an unlinked file for those who hold it, and removes it with the last release", async () => {
    const fixture = current();
    const { tree } = fixture;
    const gfid = await fixture.file("f", "data");
    tree.hold(gfid);
    tree.hold(gfid);
    await tree.unlink(ROOT_GFID, "f");
    expect(tree.stat(gfid).nlink).toBe(0);
    expect(tree.isLinked(gfid)).toBe(false);
    await tree.write(gfid, 4, Buffer.from("more"));
    tree.release(gfid);
    expect(await fixture.text(gfid)).toBe("datamore");
    expect(await codeOf(() => tree.link(gfid, ROOT_GFID, "g"))).toBe("TREE_STALE");
    tree.release(gfid);
    // Held again before the removal came to it: it stays.
    tree.hold(gfid);
    await tree.fsync(gfid, false);
    expect(await fixture.text(gfid)).toBe("datamore");
    tree.release(gfid);
    await fixture.restart();
    expect(fixture.tree.recovered).toMatchObject({ unlinked: 0 });
    expect(fixture.store.data.stat(gfid)).toBeUndefined();
    expect(await codeOf(() => fixture.tree.stat(gfid))).toBe("TREE_STALE");
  });

  it("removes an unlinked file whose last hold ends before the commit that takes its name is done", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    const { meta } = fixture.store;
    let onWorked = () => {};
    const transact: typeof meta.transact = (work, survives) =>
      meta.transact((tx) => {
        const done = work(tx);
        onWorked();
        return done;
      }, survives);
    const tree = await createTree(storeThatTransacts(fixture.store, transact));
    tree.hold(gfid);
    onWorked = () => {
      onWorked = () => {};
      expect(tree.stat(gfid).nlink).toBe(1);
      tree.release(gfid);
    };
    await tree.unlink(ROOT_GFID, "f");
    await tree.close();
    expect(await codeOf(() => tree.stat(gfid))).toBe("TREE_STALE");
    expect(fixture.store.data.stat(gfid)).toBeUndefined();
  });

  it("keeps a file for whoever got hold of it while it was being unlinked", async () => {
    const fixture = current();
    const outcomes: string[] = [];
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const gfid = await fixture.file(`f${attempt}`, "data");
      const unlinked = fixture.tree.unlink(ROOT_GFID, `f${attempt}`);
      // Each attempt comes a little later: before, within and after the transaction.
      for (let turn = 0; turn < attempt % 10; turn += 1) await Promise.resolve();
      const untilMs = performance.now() + Math.floor(attempt / 10) * 0.3;
      while (performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve));
      const outcome = await codeOf(() => fixture.tree.hold(gfid));
      await unlinked;
      outcomes.push(outcome === "no error" ? await fixture.text(gfid) : outcome);
      if (outcome === "no error") fixture.tree.release(gfid);
    }
    expect(new Set(outcomes)).toEqual(new Set(["data", "TREE_STALE"]));
  });

  it("collects at the start what was unlinked and still held", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    fixture.tree.hold(gfid);
    await fixture.tree.unlink(ROOT_GFID, "f");
    await fixture.restart();
    expect(fixture.tree.recovered).toEqual({ unlinked: 1, emptied: 0, orphans: 0 });
    expect(fixture.store.data.stat(gfid)).toBeUndefined();
  });

  it("holds a file from its making when asked to", async () => {
    const fixture = current();
    const gfid = newGfid();
    await fixture.tree.create(ROOT_GFID, "f", { ...object(gfid), hold: true });
    await fixture.tree.unlink(ROOT_GFID, "f");
    expect(fixture.tree.stat(gfid).nlink).toBe(0);
    expect(await codeOf(() => fixture.tree.create(ROOT_GFID, "no/name", { ...object(), hold: true }))).toBe(
      "TREE_NAME_INVALID",
    );
  });

  it("bounds how many objects are held", async () => {
    const fixture = current();
    await fixture.restart({ holdsMax: 1 });
    const [a, b] = [await fixture.file("a"), await fixture.file("b")];
    fixture.tree.hold(a);
    fixture.tree.hold(a);
    expect(await codeOf(() => fixture.tree.hold(b))).toBe("TREE_HOLDS_MAX");
    fixture.tree.release(a);
    fixture.tree.release(a);
    fixture.tree.hold(b);
  });

  it("finds parents and paths", async () => {
    const fixture = current();
    const outer = await fixture.directory("outer");
    const inner = await fixture.directory("inner", outer);
    const file = await fixture.file("f", "", inner);
    expect(fixture.tree.path(file)).toBe("/outer/inner/f");
    expect(fixture.tree.path(ROOT_GFID)).toBe("/");
    expect(fixture.tree.lookup(inner, "..").stat.gfid).toBe(outer);
    expect(fixture.tree.lookup(inner, ".").stat.gfid).toBe(inner);
    expect(fixture.tree.lookup(ROOT_GFID, "..").stat.gfid).toBe(ROOT_GFID);
  });

  it("keeps everything over a restart", async () => {
    const fixture = current();
    const directory = await fixture.directory("d");
    const gfid = await fixture.file("f", "data", directory);
    const before = fixture.tree.stat(gfid);
    await fixture.restart();
    expect(fixture.tree.stat(gfid)).toEqual(before);
    expect(fixture.tree.path(gfid)).toBe("/d/f");
    expect(await fixture.text(gfid)).toBe("data");
    expect(fixture.tree.recovered).toEqual({ unlinked: 0, emptied: 0, orphans: 0 });
  });

  it("lists . and .. first, and nothing above the root", async () => {
    const fixture = current();
    const directory = await fixture.directory("d");
    const [dot, dots] = fixture.tree.readdir(directory, 0n, 10).entries;
    expect(dot).toMatchObject({ name: ".", gfid: directory, type: 4 });
    expect(dots).toMatchObject({ name: "..", gfid: ROOT_GFID, ino: 1n });
    expect(fixture.tree.readdir(ROOT_GFID, 1n, 1).entries).toEqual([
      { name: "..", gfid: NULL_GFID, ino: 2n ** 64n - 1n, cookie: 2n, type: 4 },
    ]);
  });
});
