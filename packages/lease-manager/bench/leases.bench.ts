import {
  conflicts,
  grantsAndUnlocks,
  heldLeasesMiB,
  type LoadResult,
  scatteredMarks,
  unleasedFops,
} from "./lease-load.js";

/**
 * The lease manager alone, in this thread. From this package's directory, operations per load being the
 * argument:
 *
 *   npx esbuild bench/leases.bench.ts --bundle --platform=node --format=esm \
 *     --conditions=@brickshift/source --outfile=dist/leases.bench.mjs && node --expose-gc dist/leases.bench.mjs
 */
const operations = Number(process.argv[2] ?? 1_000_000);
const rounds = 5;

const loads: Readonly<Record<string, () => LoadResult>> = {
  "un-leased fop, admit and finish": () => unleasedFops(operations * 10),
  "grant and unlock": () => grantsAndUnlocks(operations),
  "write against a lease: block, recall, unlock, resume": () => conflicts(operations),
  "scattered write marked, extents at their bound": () => scatteredMarks(operations / 5),
};

for (const [name, load] of Object.entries(loads)) {
  load();
  const results = Array.from({ length: rounds }, load).sort((a, b) => a.ms - b.ms);
  const { operations: done, ms } = results[rounds >> 1] as LoadResult;
  const nsEach = ((ms * 1e6) / done).toFixed(0);
  process.stdout.write(`${name}: ${nsEach} ns each, ${Math.round((done / ms) * 1_000)}/s\n`);
}
for (const clients of [1_000, 4]) {
  const miB = heldLeasesMiB(operations, clients).toFixed(0);
  process.stdout.write(`${operations} leases held, ${clients} clients: ${miB} MiB\n`);
}
