import { echoCalls } from "./call-load.js";

/**
 * Small calls over the memory transport, both ends in this thread. From this package's directory, calls per load
 * being the argument:
 *
 *   npx esbuild bench/calls.bench.ts --bundle --platform=node --format=esm \
 *     --conditions=@brickshift/source --outfile=dist/calls.bench.mjs && node dist/calls.bench.mjs
 */
const calls = Number(process.argv[2] ?? 200_000);
const rounds = 5;

for (const callers of [1, 64]) {
  await echoCalls(calls, callers);
  const results: number[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await echoCalls(calls, callers));
  const median = results.toSorted((a, b) => a - b)[rounds >> 1] as number;
  process.stdout.write(`calls of 64 bytes, ${callers} at once: ${Math.round(median)}/s\n`);
}
