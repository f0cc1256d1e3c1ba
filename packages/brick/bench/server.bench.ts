import { perSecond, serverLoads, startServerLoad } from "./server-load.js";

/**
 * A brick behind the memory transport, client and brick in one thread. From this package's directory, the
 * number of calls for each load being the argument:
 *
 *   npx esbuild bench/server.bench.ts --bundle --platform=node --format=esm --external:lmdb \
 *     --conditions=@brickshift/source --outfile=dist/server.bench.mjs && node dist/server.bench.mjs 20000
 */
const count = Number(process.argv[2] ?? 20_000);
const rounds = 5;

for (const [name, load] of Object.entries(serverLoads)) {
  for (const callers of [1, 64]) {
    const started = await startServerLoad();
    await perSecond(started, load, { count: count / 4, callers });
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      rates.push(await perSecond(started, load, { count, callers, first: round * count }));
    }
    const median = rates.toSorted((a, b) => a - b)[rounds >> 1] ?? 0;
    process.stdout.write(
      `${name.padEnd(24)} ${String(callers).padStart(2)} at once ${median.toFixed(0).padStart(8)}/s\n`,
    );
    started.peer.abort();
  }
}
