import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { createTree } from "../../src/tree/create-tree.js";
import type { Tree } from "../../src/tree/tree.js";
import { copyAfter } from "../copy-after.js";

const newGfid = () => parseGfid(globalThis.crypto.randomUUID());
const object = (gfid: Gfid) => ({ gfid, mode: 0o644, uid: 1, gid: 1 });
const token = { source: newGfid(), fence: 5n };

let scratch: string;
let store: Awaited<ReturnType<typeof openDiskStore>>;
let tree: Tree;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "brickshift-power-"));
  store = await openDiskStore({ directory: join(scratch, "store") });
  tree = await createTree(store);
});
afterEach(async () => {
  await tree.close();
  await store.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Looks at the brick as it starts after a power cut which took whatever had not been synced. */
async function afterPowerCut<T>(look: (tree: Tree) => T | Promise<T>): Promise<T> {
  const directory = join(scratch, "copy");
  copyAfter("power-cut", join(scratch, "store"), directory);
  const copy = await openDiskStore({ directory });
  const cut = await createTree(copy);
  const found = await look(cut);
  await cut.close();
  await copy.close();
  rmSync(directory, { recursive: true });
  return found;
}

const names = (of: Tree) => of.readdir(ROOT_GFID, 2n, 1_000).entries.map(({ name }) => name);

async function file(name: string): Promise<Gfid> {
  const gfid = newGfid();
  await tree.create(ROOT_GFID, name, object(gfid));
  return gfid;
}

it("has what was removed before it goes from anywhere, with all that came before", async () => {
  await file("a");
  await file("b");
  await tree.unlink(ROOT_GFID, "a");
  expect(await afterPowerCut(names)).toEqual(["b"]);
  await file("c");
  await tree.rename(ROOT_GFID, "b", ROOT_GFID, "d");
  expect((await afterPowerCut(names)).sort()).toEqual(["c", "d"]);
  await tree.mkdir(ROOT_GFID, "e", object(newGfid()));
  await tree.rmdir(ROOT_GFID, "e");
  await file("f");
  await tree.rename(ROOT_GFID, "c", ROOT_GFID, "d");
  expect((await afterPowerCut(names)).sort()).toEqual(["d", "f"]);
});

it("has a file and its name once that was synced, with or without its times", async () => {
  const first = await file("a");
  await tree.fsync(first, true);
  expect(await afterPowerCut(names)).toEqual(["a"]);
  const second = await file("b");
  await tree.setattr(second, { mode: 0o600 });
  await tree.fsync(second, false);
  expect(await afterPowerCut((cut) => cut.lookup(ROOT_GFID, "b").stat.mode & 0o777)).toBe(0o600);
});

it("has every name once a directory was synced", async () => {
  await file("a");
  await tree.sync();
  expect(await afterPowerCut(names)).toEqual(["a"]);
});

it("has each step of a migration, and what clients were told before it", async () => {
  const moved = await file("moved");
  await tree.setXattrs(moved, new Map([["user.x", Buffer.from("1")]]));
  await tree.commitMoved(moved, "brick-d", 5n);
  await file("other");
  expect(await afterPowerCut((cut) => cut.linkto(moved))).toBe("brick-d");
  const target = newGfid();
  // What is made and written so far nobody relies on: it is only to survive a kill.
  await tree.createTarget(ROOT_GFID, "target", object(target), "brick-s", token);
  await file("before");
  const attributes = {
    mode: 0o644,
    uid: 1,
    gid: 1,
    size: 0,
    atimeNs: 1n,
    mtimeNs: 2n,
    ctimeNs: 3n,
    xattrs: new Map(),
  };
  await tree.prepareTarget(target, attributes, token, token.fence);
  const prepared = await afterPowerCut((cut) => [cut.target(target)?.phase, names(cut).includes("before")]);
  expect(prepared).toEqual(["prepared", true]);
  await tree.publishTarget(target, token);
  expect(await afterPowerCut((cut) => cut.target(target))).toBeUndefined();
  const whole = newGfid();
  const content = Buffer.from("whole");
  await tree.putTarget(ROOT_GFID, "whole", object(whole), "brick-s", token, {
    content,
    attributes: { ...attributes, size: content.length },
  });
  const put = await afterPowerCut(async (cut) => {
    const { phase } = cut.target(whole) ?? {};
    await cut.publishTarget(whole, token);
    const { bytes } = await cut.read(whole, 0, Buffer.alloc(9));
    return [phase, Buffer.from(bytes).toString()];
  });
  expect(put).toEqual(["prepared", "whole"]);
});

it("has a file that kept its content as it was, or as it was synced", async () => {
  const gfid = newGfid();
  const content = Buffer.from("content");
  const times = { atimeNs: 1n, mtimeNs: 2n, ctimeNs: 3n };
  const attributes = { mode: 0o644, uid: 1, gid: 1, size: content.length, xattrs: new Map(), ...times };
  const whole = { content, attributes };
  await tree.putTarget(ROOT_GFID, "f", object(gfid), "brick-s", token, whole);
  await tree.publishTarget(gfid, token);
  const text = async (of: Tree) => Buffer.from((await of.read(gfid, 0, Buffer.alloc(9))).bytes).toString();
  await tree.write(gfid, 0, Buffer.from("x"));
  expect(await text(tree)).toBe("xontent");
  expect(await afterPowerCut(text)).toBe("content");
  await tree.fsync(gfid, true);
  expect(await afterPowerCut(text)).toBe("xontent");
});
