import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDiskStore } from "../src/store-disk.js";
import { createMemoryStore } from "../src/store/memory-store.js";
import { fullSize, storeLoads } from "./store-load.js";

/**
 * The tree over each store, without a network. From this package's directory, the number of rounds being the argument:
 *
 *   npx esbuild bench/store.bench.ts --bundle --platform=node --format=esm --external:lmdb \
 *     --conditions=@brickshift/source --outfile=dist/store.bench.mjs && UV_THREADPOOL_SIZE=32 node dist/store.bench.mjs 3
 */
const [rounds = "1", ...kinds] = process.argv.slice(2);

for (let round = 1; round <= Number(rounds); round += 1) {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-bench-"));
  for (const kind of kinds.length === 0 ? ["disk", "memory"] : kinds) {
    const store = kind === "disk" ? await openDiskStore({ directory }) : createMemoryStore();
    for (const { name, perSecond, megabytesPerSecond, cpuMicrosPerCall } of await storeLoads(
      store,
      fullSize,
    )) {
      const calls = `${perSecond.toFixed(0).padStart(9)}/s ${cpuMicrosPerCall.toFixed(0).padStart(6)} µs CPU`;
      const bytes = megabytesPerSecond === 0 ? "" : `${megabytesPerSecond.toFixed(0).padStart(7)} MB/s`;
      process.stdout.write(`${kind.padEnd(7)} ${name.padEnd(36)} ${calls}${bytes}\n`);
    }
    await store.close();
  }
  rmSync(directory, { recursive: true });
}
