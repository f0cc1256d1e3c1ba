import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyAfter } from "../copy-after.js";
import { openDiskStore } from "../../src/store-disk.js";
import type { BrickStore } from "../../src/store/store.js";
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
  const scratch = mkdtempSync(join(tmpdir(), "brickshift-store-"));
  let lives = 0;
  let opened: BrickStore | undefined;
  const directory = () => join(scratch, String(lives));
  return {
    open: async () => (opened = await openDiskStore({ directory: directory(), openFilesMax: 64 })),
    async crash() {
      const store = directory();
      lives += 1;
      copyAfter("kill", store, directory());
      await opened?.close();
    },
    teardown: async () => rmSync(scratch, { recursive: true, force: true }),
  };
});
