import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { randomGfid } from "../../src/host-driver.js";
import { FreshNames } from "../../src/store/disk/fresh-names.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "brickshift-fresh-"));
  for (let digit = 0; digit < 16; digit += 1) mkdirSync(join(root, digit.toString(16)));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("remembers only so many names that nobody syncs", async () => {
  const names = new FreshNames((gfid) => join(root, gfid.slice(0, 1)), 8);
  const sizes: number[] = [];
  for (let made = 0; made < 100; made += 1) {
    await names.makeRoom();
    names.made(randomGfid());
    sizes.push(names.size);
  }
  expect(Math.max(...sizes)).toBe(8);
  names.close();
});

it("forgets a name that was synced or removed, and not one that was made again meanwhile", async () => {
  const names = new FreshNames((gfid) => join(root, gfid.slice(0, 1)), 8);
  const [synced, removed, again] = [randomGfid(), randomGfid(), randomGfid()];
  for (const gfid of [synced, removed, again]) names.made(gfid);
  await names.sync(synced);
  names.removed(removed);
  expect(names.size).toBe(1);
  const syncing = names.sync(again);
  names.removed(again);
  names.made(again);
  await syncing;
  expect(names.size).toBe(1);
  await names.sync(again);
  expect(names.size).toBe(0);
  names.close();
});
