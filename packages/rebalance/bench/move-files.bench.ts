import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench, describe } from "vitest";
import { openFileJournal } from "../src/journal-file-driver.js";
import { makeFile, random, rebalance, twoBricks } from "../test/two-bricks.js";

/** Two bricks, the runner and the client that fills them share one process and its one core. */
async function moveOnce(files: number, bytes: number): Promise<void> {
  const { source, destination, close } = await twoBricks();
  const content = random.bytes(bytes);
  for (let index = 0; index < files; index += 1) await makeFile(source, `f${index}`, content);
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const journal = openFileJournal({ directory });
  const options = { smallFileBytesMax: 131_072, copy: {} };
  const report = await rebalance(options).run({ source, destination, journal });
  if (report.counts.moved !== files) throw new Error(JSON.stringify(report.failures[0]));
  await journal.close();
  rmSync(directory, { recursive: true });
  await close();
  const { seconds, counts } = report;
  const rate = [Math.round(files / seconds), Math.round(counts.movedBytes / seconds / 1e6)];
  process.stdout.write(`${files} files of ${bytes} bytes: ${rate[0]} files/s, ${rate[1]} MB/s\n`);
}

const once = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 };
const size = Number(process.env["BRICKSHIFT_BENCH_SIZE"] ?? 1);

describe("moves", () => {
  bench("small files", () => moveOnce(1_000 * size, 4_096), once);
  bench("one large file", () => moveOnce(1, 64 * 1_048_576 * size), once);
});
