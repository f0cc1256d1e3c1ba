import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import type { FenceToken, PreparedAttributes } from "../../src/tree/tree.js";
import type { MetaStore } from "../../src/store/store.js";
import { createTree } from "../../src/tree/create-tree.js";
import { storeThatTransacts } from "../paused-store.js";
import { codeOf, newGfid, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

const source = newGfid();
const token = (fence: bigint, from: Gfid = source): FenceToken => ({ source: from, fence });
const under = (fence: bigint, from?: Gfid) => ({ token: token(fence, from) });
const LINKTO = "trusted.glusterfs.dht.linkto";

const attributes: PreparedAttributes = {
  mode: 0o4755,
  uid: 7,
  gid: 8,
  size: 6,
  atimeNs: 1n,
  mtimeNs: 2_000_000_003n,
  ctimeNs: 4n,
  xattrs: new Map([
    ["user.kept", Buffer.from("1")],
    [LINKTO, Buffer.from("nowhere\0")],
  ]),
};

onBothStores("migration", (current: () => TreeFixture) => {
  const write = (gfid: Gfid, text: string, access?: Parameters<TreeFixture["tree"]["write"]>[3]) =>
    current().tree.write(gfid, 0, Buffer.from(text), access);

  async function target(fence = 5n): Promise<Gfid> {
    const gfid = newGfid();
    await current().tree.createTarget(ROOT_GFID, "f", object(gfid), "brick-s", token(fence));
    return gfid;
  }
  async function prepared(): Promise<Gfid> {
    const gfid = await target();
    await write(gfid, "content", under(5n));
    await current().tree.prepareTarget(gfid, attributes, token(5n), 5n);
    return gfid;
  }
  async function linkFile(): Promise<Gfid> {
    const gfid = newGfid();
    const xattrs = new Map([[LINKTO, Buffer.from("brick-s\0")]]);
    await current().tree.mknod(ROOT_GFID, "l", { ...object(gfid), mode: 0o101000, xattrs });
    return gfid;
  }

  it("shows a link file to everybody, and sends data calls where the data is", async () => {
    const { tree } = current();
    const gfid = await linkFile();
    expect(tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 0 });
    expect(tree.linkto(gfid)).toBe("brick-s");
    const calls = [
      () => write(gfid, "x"),
      () => tree.read(gfid, 0, new Uint8Array(1)),
      () => tree.truncate(gfid, 1),
      () => tree.allocate(gfid, 0, 1, false),
      () => tree.discard(gfid, 0, 1),
      () => tree.zerofill(gfid, 0, 1),
      () => tree.seek(gfid, 0, "data"),
      () => tree.fsync(gfid, true),
      () => tree.setattr(gfid, { mode: 0o644 }),
      () => tree.setattr(gfid, { size: 3 }),
      () => tree.setXattrs(gfid, new Map([["user.a", Buffer.from("x")]])),
      () => tree.removeXattr(gfid, LINKTO),
      () => tree.xattrop(gfid, "or", new Map([["user.a", Buffer.from("x")]])),
    ];
    for (const call of calls) {
      await expect((async () => call())()).rejects.toMatchObject({
        code: "TREE_MOVED",
        errno: 116,
        linkto: "brick-s",
      });
    }
    expect(tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 0 });
  });

  it("is a plain file to internal work", async () => {
    const { tree } = current();
    const gfid = await linkFile();
    await write(gfid, "data", { internal: true });
    await tree.setattr(gfid, { mode: 0o644 }, { internal: true });
    expect(tree.linkto(gfid)).toBeUndefined();
    expect(await current().text(gfid)).toBe("data");
  });

  it("is no link file without the xattr, or with another mode", async () => {
    const { tree } = current();
    const sticky = newGfid();
    await tree.mknod(ROOT_GFID, "sticky", { ...object(sticky), mode: 0o101000 });
    const marked = await current().file("marked");
    await tree.setXattrs(marked, new Map([[LINKTO, Buffer.from("b\0")]]));
    for (const gfid of [sticky, marked]) {
      expect(tree.linkto(gfid)).toBeUndefined();
      await write(gfid, "x");
    }
  });

  it("makes a target that looks like a link file and takes data under its token only", async () => {
    const { tree } = current();
    const gfid = await target();
    expect(tree.stat(gfid)).toMatchObject({ mode: 0o101000, nlink: 1 });
    expect(tree.target(gfid)).toMatchObject({ source, fence: 5n, madeUnder: 5n, phase: "filling" });
    expect(tree.linkto(gfid)).toBe("brick-s");
    expect(tree.targets()).toEqual([
      { gfid, source, fence: 5n, madeUnder: 5n, phase: "filling", linkto: "brick-s" },
    ]);
    await write(gfid, "content", under(5n));
    expect(await current().text(gfid, under(5n))).toBe("content");
    expect(await codeOf(() => write(gfid, "x"))).toBe("TREE_MOVED");
    expect(await codeOf(() => write(gfid, "x", { internal: true }))).toBe("TREE_MIGRATING");
    expect(await codeOf(() => write(gfid, "x", under(4n)))).toBe("TREE_FENCED");
    expect(await codeOf(() => write(gfid, "x", under(9n, newGfid())))).toBe("TREE_FENCED");
    expect(await codeOf(() => tree.setattr(gfid, { mode: 0o644 }))).toBe("TREE_MOVED");
    expect(await codeOf(() => tree.setattr(gfid, { mode: 0o644 }, under(5n)))).toBe("TREE_MIGRATING");
    expect(await current().text(gfid, under(5n))).toBe("content");
  });

  it("refuses a token where there is no target", async () => {
    const gfid = await current().file("plain", "data");
    expect(await codeOf(() => write(gfid, "x", under(5n)))).toBe("TREE_FENCED");
    expect(await codeOf(() => current().tree.checkFence(gfid, token(5n)))).toBe("TREE_FENCED");
    expect(await current().text(gfid)).toBe("data");
  });

  it("remembers the highest fence over a restart, raised by a write or asked for", async () => {
    const fixture = current();
    const gfid = await target();
    await write(gfid, "content", under(8n));
    await fixture.restart();
    expect(await codeOf(() => write(gfid, "x", under(7n)))).toBe("TREE_FENCED");
    await fixture.tree.checkFence(gfid, token(9n));
    await fixture.restart();
    expect(fixture.tree.target(gfid)?.fence).toBe(9n);
    expect(await codeOf(() => fixture.tree.checkFence(gfid, token(8n)))).toBe("TREE_FENCED");
  });

  it("refuses a lower fence from the moment on at which a higher one comes in", async () => {
    const gfid = await target();
    const high = write(gfid, "high", under(6n));
    const low = codeOf(() => write(gfid, "low!", under(5n)));
    expect(await low).toBe("TREE_FENCED");
    await high;
    expect(await current().text(gfid, under(6n))).toBe("high");
  });

  it("adopts a link file, and an earlier target of the same source, as an empty target", async () => {
    const { tree } = current();
    const gfid = await linkFile();
    await tree.adoptTarget(gfid, "brick-s", token(5n));
    await write(gfid, "old", under(5n));
    const { poststat } = await tree.adoptTarget(gfid, "brick-t", token(6n));
    expect(poststat.size).toBe(0);
    expect(tree.linkto(gfid)).toBe("brick-t");
    expect(tree.target(gfid)).toMatchObject({ source, fence: 6n, phase: "filling" });
    expect(await current().text(gfid, under(6n))).toBe("");
    expect(await codeOf(() => tree.adoptTarget(gfid, "brick-s", token(5n)))).toBe("TREE_FENCED");
    expect(await codeOf(() => tree.adoptTarget(gfid, "brick-s", token(9n, newGfid())))).toBe(
      "TREE_MIGRATING",
    );
    expect(tree.target(gfid)?.fence).toBe(6n);
  });

  it("empties what was copied only under a higher fence than it was copied under", async () => {
    const { tree } = current();
    const gfid = await linkFile();
    const adopt = () => tree.adoptTarget(gfid, "brick-s", token(5n));
    await adopt();
    await adopt();
    await write(gfid, "copied", under(5n));
    expect(await codeOf(adopt)).toBe("TREE_FENCED");
    expect(await current().text(gfid, under(5n))).toBe("copied");
    await tree.prepareTarget(gfid, { ...attributes, size: 0 }, token(5n), 5n);
    expect(await codeOf(adopt)).toBe("TREE_FENCED");
    await tree.adoptTarget(gfid, "brick-s", token(6n));
    expect(tree.target(gfid)?.phase).toBe("filling");
  });

  /** A tree over the same store, in which the next transaction is told to nobody before it is let go. */
  async function treeToldLate() {
    const { store } = current();
    const { meta } = store;
    let isNext = true;
    let letGo = () => {};
    const told = new Promise<void>((resolve) => (letGo = resolve));
    const transact: typeof meta.transact = async (work, survives) => {
      const isLate = isNext;
      isNext = false;
      const result = await meta.transact(work, survives);
      if (isLate) await told;
      return result;
    };
    const tree = await createTree(storeThatTransacts(store, transact));
    isNext = true;
    return { tree, letGo };
  }
  /** Time for whatever does not wait for something that is not going to be. */
  const aWhile = () => new Promise((resolve) => setTimeout(resolve, 50));

  it("empties nothing that is written while an adoption of an empty target is made again", async () => {
    const { store } = current();
    let made = () => {};
    let commit: Promise<void> = Promise.resolve();
    const transact: MetaStore["transact"] = async (work, survives) => {
      const result = await store.meta.transact(work, survives);
      if (survives === "kill") return result;
      made();
      await commit;
      return result;
    };
    const tree = await createTree(storeThatTransacts(store, transact));
    const gfid = newGfid();
    await tree.createTarget(ROOT_GFID, "t", object(gfid), "brick-s", token(5n));
    let letGo = () => {};
    commit = new Promise((resolve) => (letGo = resolve));
    const isMade = new Promise<void>((resolve) => (made = resolve));
    const again = tree.adoptTarget(gfid, "brick-s", token(5n));
    await isMade;
    await tree.write(gfid, 0, Buffer.from("data"), { token: token(5n) });
    letGo();
    await again;
    expect(tree.stat(gfid).size).toBe(4);
  });

  it("empties nothing that was filled under a later adoption, when an earlier one is told late", async () => {
    const gfid = await target();
    const { tree, letGo } = await treeToldLate();
    const earlier = tree.adoptTarget(gfid, "brick-s", token(6n));
    const later = tree
      .adoptTarget(gfid, "brick-s", token(7n))
      .then(() => tree.write(gfid, 0, Buffer.from("filled"), under(7n)));
    await aWhile();
    letGo();
    await Promise.all([earlier, later]);
    await tree.close();
    expect(tree.stat(gfid).size).toBe(6);
  });

  it("empties nothing that came back, when the commit by which it went is told late", async () => {
    const gfid = await current().file("f", "data");
    const { tree, letGo } = await treeToldLate();
    const moved = tree.commitMoved(gfid, "brick-d", 5n);
    const back = tree
      .adoptTarget(gfid, "brick-d", token(7n))
      .then(() => tree.write(gfid, 0, Buffer.from("filled"), under(7n)));
    await aWhile();
    letGo();
    await Promise.all([moved, back]);
    await tree.close();
    expect(tree.stat(gfid).size).toBe(6);
  });

  it("keeps the data of a new target, when the removal of an earlier one is told late", async () => {
    const gfid = await target();
    const { tree, letGo } = await treeToldLate();
    const aborted = tree.abortTarget(gfid, token(6n));
    await aWhile();
    const made = tree
      .createTarget(ROOT_GFID, "f", object(gfid), "brick-s", token(7n))
      .then(() => tree.write(gfid, 0, Buffer.from("filled"), under(7n)));
    await aWhile();
    letGo();
    await Promise.all([aborted, made]);
    await tree.close();
    expect(current().store.data.stat(gfid)?.size).toBe(6);
  });

  it("adopts nothing that may hold the data", async () => {
    const gfid = await current().file("plain", "data");
    expect(await codeOf(() => current().tree.adoptTarget(gfid, "brick-s", token(5n)))).toBe(
      "TREE_NOT_A_TARGET",
    );
    expect(await current().text(gfid)).toBe("data");
  });

  it("bounds how many targets there are", async () => {
    const fixture = current();
    await fixture.restart({ targetsMax: 1 });
    await target();
    const create = () => fixture.tree.createTarget(ROOT_GFID, "g", object(), "brick-s", token(5n));
    expect(await codeOf(create)).toBe("TREE_TARGETS_MAX");
    const link = await linkFile();
    expect(await codeOf(() => fixture.tree.adoptTarget(link, "brick-s", token(5n)))).toBe("TREE_TARGETS_MAX");
    await fixture.tree.unlink(ROOT_GFID, "f");
    await create();
    expect(await codeOf(() => fixture.tree.adoptTarget(link, "brick-s", token(5n)))).toBe("TREE_TARGETS_MAX");
  });

  it("counts the targets that are there when it starts, and none that could not be made", async () => {
    const fixture = current();
    await target();
    await fixture.restart({ targetsMax: 2 });
    const create = (name: string) => () =>
      fixture.tree.createTarget(ROOT_GFID, name, object(), "brick-s", token(5n));
    expect(await codeOf(create("f"))).toBe("TREE_EXISTS");
    await create("g")();
    expect(await codeOf(create("h"))).toBe("TREE_TARGETS_MAX");
  });

  it("prepares: size and attributes are kept, and nobody removes, moves or writes the target", async () => {
    const fixture = current();
    const gfid = await prepared();
    await fixture.tree.prepareTarget(gfid, attributes, token(5n), 5n);
    await fixture.restart();
    const { tree } = fixture;
    await fixture.file("other");
    expect(tree.target(gfid)).toMatchObject({ source, fence: 5n, phase: "prepared" });
    expect(tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 6 });
    expect(await codeOf(() => tree.unlink(ROOT_GFID, "f"))).toBe("TREE_MIGRATING");
    expect(await codeOf(() => tree.rename(ROOT_GFID, "f", ROOT_GFID, "g"))).toBe("TREE_MIGRATING");
    expect(await codeOf(() => tree.rename(ROOT_GFID, "other", ROOT_GFID, "f"))).toBe("TREE_MIGRATING");
    expect(await codeOf(() => write(gfid, "x", under(5n)))).toBe("TREE_MIGRATING");
    expect(await fixture.text(gfid, under(5n))).toBe("conten");
  });

  it("takes no write while it is being prepared", async () => {
    const gfid = await target();
    await write(gfid, "content", under(5n));
    const done = current().tree.prepareTarget(gfid, attributes, token(5n), 5n);
    await Promise.resolve();
    expect(await codeOf(() => write(gfid, "late", under(5n)))).toBe("TREE_MIGRATING");
    await done;
    expect(await current().text(gfid, under(5n))).toBe("conten");
  });

  it("is not prepared when a higher fence comes meanwhile", async () => {
    const gfid = await target();
    const prepared = current().tree.prepareTarget(gfid, attributes, token(5n), 5n);
    await Promise.resolve();
    const raised = current().tree.checkFence(gfid, token(9n));
    expect(await codeOf(() => prepared)).toBe("TREE_FENCED");
    await raised;
    expect(current().tree.target(gfid)).toMatchObject({ phase: "filling", fence: 9n });
  });

  it("publishes the data file with the prepared attributes, and again when the reply was lost", async () => {
    const fixture = current();
    const gfid = await prepared();
    await fixture.tree.publishTarget(gfid, token(5n));
    await fixture.tree.publishTarget(gfid, token(5n));
    await fixture.restart();
    const { tree } = fixture;
    const expected = {
      mode: 0o104755,
      uid: 7,
      gid: 8,
      size: 6,
      atimeNsec: 1,
      mtime: 2,
      mtimeNsec: 3,
      ctimeNsec: 4,
    };
    expect(tree.stat(gfid)).toMatchObject(expected);
    expect([...tree.listXattrs(gfid).keys()]).toEqual(["user.kept"]);
    expect([tree.linkto(gfid), tree.target(gfid), tree.targets()]).toEqual([undefined, undefined, []]);
    expect(await fixture.text(gfid)).toBe("conten");
    expect(await codeOf(() => write(gfid, "late", under(5n)))).toBe("TREE_FENCED");
    await tree.publishTarget(gfid, token(5n));
    expect(await codeOf(() => tree.publishTarget(gfid, token(4n)))).toBe("TREE_NOT_A_TARGET");
    expect(await codeOf(() => tree.abortTarget(gfid, token(5n)))).toBe("TREE_NOT_A_TARGET");
    await write(gfid, "C");
    expect(await fixture.text(gfid)).toBe("Conten");
  });

  it("publishes neither what is not prepared nor under a lower fence", async () => {
    const { tree } = current();
    const gfid = await target();
    expect(await codeOf(() => tree.publishTarget(gfid, token(5n)))).toBe("TREE_NOT_PREPARED");
    await tree.prepareTarget(gfid, attributes, token(5n), 5n);
    await tree.checkFence(gfid, token(6n));
    expect(await codeOf(() => tree.publishTarget(gfid, token(5n)))).toBe("TREE_FENCED");
    await tree.publishTarget(gfid, token(6n));
    const plain = await current().file("plain");
    expect(await codeOf(() => tree.publishTarget(plain, token(5n)))).toBe("TREE_NOT_A_TARGET");
  });

  it("aborts by removing the target with its names and data, as often as asked", async () => {
    const fixture = current();
    const gfid = await prepared();
    await fixture.tree.link(gfid, ROOT_GFID, "f2");
    expect(await codeOf(() => fixture.tree.abortTarget(gfid, token(4n)))).toBe("TREE_FENCED");
    await fixture.tree.abortTarget(gfid, token(5n));
    await fixture.tree.abortTarget(gfid, token(5n));
    expect(fixture.names()).toEqual([]);
    expect(fixture.store.data.stat(gfid)).toBeUndefined();
    expect(fixture.tree.targets()).toEqual([]);
    expect(await codeOf(() => fixture.tree.stat(gfid))).toBe("TREE_STALE");
    // The next attempt has the same gfid.
    await fixture.tree.createTarget(ROOT_GFID, "f", object(gfid), "brick-s", token(6n));
  });

  it("aborts an adopted target back to the link file it was", async () => {
    const { tree } = current();
    const gfid = await linkFile();
    await tree.adoptTarget(gfid, "brick-t", token(5n));
    await write(gfid, "data", under(5n));
    await tree.adoptTarget(gfid, "brick-t", token(6n));
    await tree.abortTarget(gfid, token(6n));
    await tree.abortTarget(gfid, token(6n));
    expect(tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 0 });
    expect(tree.linkto(gfid)).toBe("brick-s");
    expect(tree.target(gfid)).toBeUndefined();
  });

  it("does not abort a data file", async () => {
    const gfid = await current().file("plain", "data");
    expect(await codeOf(() => current().tree.abortTarget(gfid, token(5n)))).toBe("TREE_NOT_A_TARGET");
    expect(await current().text(gfid)).toBe("data");
  });

  it("lets anybody unlink or rename a target that is filling", async () => {
    const { tree } = current();
    const gfid = await target();
    await tree.rename(ROOT_GFID, "f", ROOT_GFID, "g");
    await write(gfid, "content", under(5n));
    tree.hold(gfid);
    await tree.unlink(ROOT_GFID, "g");
    expect(tree.targets()).toEqual([]);
    expect(await codeOf(() => write(gfid, "x", under(5n)))).toBe("TREE_FENCED");
    expect(await codeOf(() => tree.publishTarget(gfid, token(5n)))).toBe("TREE_NOT_A_TARGET");
  });

  it("unlinks on condition that it is still a link file, and that nobody has it open", async () => {
    const { tree } = current();
    const gfid = await prepared();
    const published = tree.publishTarget(gfid, token(5n));
    // Asked for while it was a link file, carried out when it is none.
    expect(await codeOf(() => tree.unlink(ROOT_GFID, "f", { onlyLinkFile: true }))).toBe(
      "TREE_UNLINK_CONDITION",
    );
    await published;
    expect(await current().text(gfid)).toBe("conten");
    const link = await linkFile();
    tree.hold(link);
    expect(await codeOf(() => tree.unlink(ROOT_GFID, "l", { notHeld: true }))).toBe("TREE_UNLINK_CONDITION");
    tree.release(link);
    await tree.unlink(ROOT_GFID, "l", { onlyLinkFile: true, notHeld: true });
  });

  it("commits: the source becomes an empty link file in one step, and again when the reply was lost", async () => {
    const fixture = current();
    const gfid = await fixture.file("s", "content");
    await fixture.tree.setXattrs(gfid, new Map([["user.a", Buffer.from("x")]]));
    fixture.tree.hold(gfid);
    const { prestat, poststat } = await fixture.tree.commitMoved(gfid, "brick-d", 5n);
    expect(prestat).toMatchObject({ mode: 0o100644, size: 7 });
    expect(poststat).toMatchObject({ mode: 0o101000, size: 0, uid: 10 });
    await fixture.tree.commitMoved(gfid, "brick-d", 5n);
    expect(await codeOf(() => fixture.tree.commitMoved(gfid, "brick-e", 5n))).toBe("TREE_MOVED");
    expect(await codeOf(() => fixture.text(gfid))).toBe("TREE_MOVED");
    await fixture.restart();
    expect(fixture.tree.stat(gfid)).toMatchObject({ mode: 0o101000, size: 0, nlink: 1 });
    expect(fixture.tree.recovered.emptied).toBe(0);
    expect(
      [...fixture.tree.listXattrs(gfid)].map(([name, value]) => [name, Buffer.from(value).toString()]),
    ).toEqual([[LINKTO, Buffer.from("brick-d\0").toString()]]);
  });

  it("commits neither a target nor a directory", async () => {
    const { tree } = current();
    const gfid = await target();
    expect(await codeOf(() => tree.commitMoved(gfid, "brick-d", 5n))).toBe("TREE_MIGRATING");
    expect(await codeOf(() => tree.commitMoved(ROOT_GFID, "brick-d", 5n))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => tree.commitMoved(newGfid(), "brick-d", 5n))).toBe("TREE_STALE");
  });

  it("prepares the target that was made under the fence that is named, and no later one of its gfid", async () => {
    const { tree } = current();
    const gfid = await target(5n);
    await write(gfid, "content", under(5n));
    await tree.unlink(ROOT_GFID, "f");
    // A request that was given up comes now.
    await tree.createTarget(ROOT_GFID, "f", object(gfid), "brick-s", token(4n));
    await write(gfid, "tent", under(6n));
    expect(await codeOf(() => tree.prepareTarget(gfid, attributes, token(6n), 5n))).toBe("TREE_NOT_A_TARGET");
    expect(tree.target(gfid)).toMatchObject({ phase: "filling", fence: 6n });
    await tree.adoptTarget(gfid, "brick-s", token(7n));
    await current().restart();
    await current().tree.prepareTarget(gfid, attributes, token(8n), 7n);
    expect(current().tree.target(gfid)?.phase).toBe("prepared");
  });

  it("moves a file there and back again", async () => {
    const { tree } = current();
    const gfid = await current().file("s", "content");
    await tree.commitMoved(gfid, "brick-d", 5n);
    await tree.adoptTarget(gfid, "brick-d", token(5n));
    await write(gfid, "changed", under(5n));
    await tree.prepareTarget(gfid, { ...attributes, size: 7 }, token(5n), 5n);
    await tree.publishTarget(gfid, token(5n));
    expect(await current().text(gfid)).toBe("changed");
    await tree.commitMoved(gfid, "brick-d", 5n);
    expect(tree.linkto(gfid)).toBe("brick-d");
  });
});
