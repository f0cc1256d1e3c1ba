import { fopsPerSecond, openBench } from "./fop-load.js";

/**
 * Fops on a brick in memory, client and brick in this thread, 16 at once. From this package's directory, fops per
 * load being the argument:
 *
 *   npx esbuild bench/fops.bench.ts --bundle --platform=node --format=esm --external:lmdb \
 *     --conditions=@brickshift/source --outfile=dist/fops.bench.mjs && node dist/fops.bench.mjs
 */
const count = Number(process.argv[2] ?? 20_000);
const rounds = 5;
const { fops, close } = await openBench();
const MIB = 1_024 * 1_024;

const loads: Readonly<
  Record<string, { bytes: number; count: number; fop: (index: number) => Promise<unknown> }>
> = {
  FSTAT: { bytes: 0, count, fop: fops.stat },
  "READ 4 KiB": { bytes: 4_096, count, fop: (index) => fops.read(4_096, index) },
  "WRITE 4 KiB": { bytes: 4_096, count, fop: (index) => fops.write(4_096, index) },
  "READ 1 MiB": { bytes: MIB, count: count / 20, fop: (index) => fops.read(MIB, index) },
  "WRITE 1 MiB": { bytes: MIB, count: count / 20, fop: (index) => fops.write(MIB, index) },
};
for (const [name, load] of Object.entries(loads)) {
  await fopsPerSecond(load.count, load.fop);
  const results: number[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await fopsPerSecond(load.count, load.fop));
  const median = results.toSorted((a, b) => a - b)[rounds >> 1] as number;
  const megabytes = load.bytes === 0 ? "" : `, ${Math.round((median * load.bytes) / MIB)} MiB/s`;
  process.stdout.write(`${name}: ${Math.round(median)}/s${megabytes}\n`);
}
await close();
