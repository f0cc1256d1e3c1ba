import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDiskStore } from "../../src/store/disk/disk-store.js";
import type { BrickStore } from "../../src/store/store.js";

let root: string;
let store: BrickStore;
const at = (name: string) => join(root, name);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "medium-probe-"));
  store = await openDiskStore({ directory: at("b0") });
});
afterEach(async () => {
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

it("a store whose directory is away fails its check, and is well when it is back", async () => {
  await store.check();
  renameSync(at("b0"), at("away"));
  await expect(store.check()).rejects.toMatchObject({
    code: "STORE_IO",
    message: expect.stringMatching(/gone/),
  });
  renameSync(at("away"), at("b0"));
  await store.check();
});

it("a copy of the store in its place is not the store", async () => {
  renameSync(at("b0"), at("away"));
  cpSync(at("away"), at("b0"), { recursive: true });
  await expect(store.check()).rejects.toMatchObject({ message: expect.stringMatching(/another store/) });
  rmSync(at("b0"), { recursive: true });
  renameSync(at("away"), at("b0"));
  await store.check();
});
