import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDiskStore } from "../../src/store-disk.js";
import { storeCompliance } from "../../src/store-compliance.js";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";

storeCompliance("the memory store", async () => {
  const medium = new MemoryMedium();
  return {
    open: async () => createMemoryStore(medium),
    crash: async () => medium.crash(),
    teardown: async () => {},
  };
});

storeCompliance("the disk store", async () => {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-store-"));
  return {
    open: () => openDiskStore({ directory, openFilesMax: 64 }),
    teardown: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
