/**
 * Whole-process benchmarks: brick to brick through the runner, beside `cp -r` and `rsync -a --whole-file` of the same
 * data in the same run, each begun with nothing left to be written to the disk and, for root, with empty caches. Needs a build (`pnpm build`) and
 * rsync, of 3.2.4 or later since it is run with `--fsync` as well: that promises as much as the runner does.
 *
 *   node bench/run.mjs [large] [several] [small] [paced] [--runs N] [--large-bytes N] [--small-files N]
 *
 * `several` has five files of half of `--large-bytes` each: more than move at a time, for what they take of memory.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, runner, settle, startBrick, timed } from "./processes.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    "large-bytes": { type: "string", default: String(1_024 ** 3) },
    "small-files": { type: "string", default: "20000" },
  },
});
const scenarios = positionals.length === 0 ? ["large", "several", "small", "paced"] : positionals;
const runs = Number(values.runs);
const scratch = mkdtempSync(join(tmpdir(), "brickshift-bench-"));
console.log(
  `${new Date().toISOString()} node ${process.version} ${cpus().length} × ${cpus()[0]?.model} in ${scratch}`,
);

/** Seconds of the bare proxy, with the one file of `from`. */
function bareProxy(from, to, bytes) {
  settle(memoryOf(bytes));
  const script = fileURLToPath(new URL("bare-proxy.mjs", import.meta.url));
  const seconds = Number(
    execFileSync(process.execPath, [script, join(from, "image"), to], { encoding: "utf8" }),
  );
  rmSync(to);
  return seconds;
}

/** What a copy of so much data may need: it is read, passed on and written. */
function memoryOf(bytes) {
  return 3 * bytes;
}

/** One comparison: the data in `from` by cp, by rsync, and brick to brick. */
async function compare(title, from, bytes, files) {
  const rows = [];
  for (let run = 0; run < runs; run += 1) {
    const place = (name) => {
      const path = join(scratch, name);
      rmSync(path, { recursive: true, force: true });
      return path;
    };
    const copy = (name, command, ...args) => {
      const to = place(name);
      settle(memoryOf(bytes));
      const seconds = timed(command, ...args, command === "rsync" ? `${to}/` : to);
      rmSync(to, { recursive: true });
      return seconds;
    };
    const cpSeconds = copy("cp", "cp", "-r", from);
    const rsyncSeconds = copy("rsync", "rsync", "-a", "--whole-file", `${from}/`);
    const syncedSeconds = copy("synced", "rsync", "-a", "--whole-file", "--fsync", `${from}/`);
    const proxySeconds = files === 1 ? bareProxy(from, place("proxy"), bytes) : undefined;
    const source = await startBrick("source", place("source"));
    const destination = await startBrick("destination", place("destination"));
    await runner("demo-fill", "--brick", source.url, "--from", from, "--manifest", join(scratch, "manifest"));
    settle(memoryOf(bytes));
    const report = await runner(
      "run",
      "--source",
      source.url,
      "--destination",
      destination.url,
      "--state",
      place("state"),
    );
    await source.stop();
    await destination.stop();
    if (report.filesMoved !== files) throw new Error(`moved ${report.filesMoved} of ${files} files`);
    rows.push({
      cpSeconds,
      rsyncSeconds,
      syncedSeconds,
      ...(proxySeconds !== undefined && { proxySeconds }),
      brickshiftSeconds: report.seconds,
      peakMiB: report.peakMemoryBytes / 2 ** 20,
    });
    console.log(`${title} run ${run + 1}: ${JSON.stringify(rows.at(-1))}`);
  }
  const of = (key) => median(rows.map((row) => row[key]));
  const line = (name, seconds) =>
    `| ${title} | ${name} | ${seconds.toFixed(2)} | ${(bytes / 2 ** 20 / seconds).toFixed(0)} | ${(files / seconds).toFixed(0)} | ${(of("rsyncSeconds") / seconds).toFixed(2)} |`;
  console.log("| data | by | seconds | MiB/s | files/s | × rsync |\n|---|---|---|---|---|---|");
  console.log(line("`cp -r`", of("cpSeconds")));
  console.log(line("`rsync -a --whole-file`", of("rsyncSeconds")));
  console.log(line("`rsync -a --whole-file --fsync`", of("syncedSeconds")));
  if (files === 1) console.log(line("three bare Node processes, without anything", of("proxySeconds")));
  console.log(line("rebalance-runner, brick to brick", of("brickshiftSeconds")));
  console.log(`runner's peak memory: ${Math.max(...rows.map((row) => row.peakMiB)).toFixed(0)} MiB`);
}

function makeLarge(names, bytes) {
  const from = join(scratch, "large");
  mkdirSync(from);
  for (const name of names) {
    timed(
      "dd",
      "if=/dev/urandom",
      `of=${join(from, name)}`,
      "bs=1M",
      `count=${bytes / 2 ** 20}`,
      "status=none",
    );
  }
  return from;
}

function makeSmall(count) {
  const from = join(scratch, "small");
  const content = Buffer.alloc(4_096);
  for (let index = 0; index < count; index += 1) {
    const directory = join(from, `d${Math.floor(index / 200)}`);
    if (index % 200 === 0) mkdirSync(directory, { recursive: true });
    content.writeUInt32BE(index);
    writeFileSync(join(directory, `f${index}`), content);
  }
  return from;
}

try {
  if (scenarios.includes("large")) {
    const bytes = Number(values["large-bytes"]);
    await compare(`one file of ${bytes / 2 ** 20} MiB`, makeLarge(["image"], bytes), bytes, 1);
    rmSync(join(scratch, "large"), { recursive: true });
  }
  if (scenarios.includes("several")) {
    const names = ["a", "b", "c", "d", "e"];
    const bytes = Number(values["large-bytes"]) / 2;
    const title = `${names.length} files of ${bytes / 2 ** 20} MiB`;
    await compare(title, makeLarge(names, bytes), names.length * bytes, names.length);
    rmSync(join(scratch, "large"), { recursive: true });
  }
  if (scenarios.includes("small")) {
    const count = Number(values["small-files"]);
    await compare(`${count} files of 4 KiB`, makeSmall(count), count * 4_096, count);
    rmSync(join(scratch, "small"), { recursive: true });
  }
  if (scenarios.includes("paced")) {
    const empty = join(scratch, "empty");
    mkdirSync(empty);
    for (let run = 0; run < runs; run += 1) {
      const report = await runner(
        "demo",
        ...Object.entries({
          "--from": empty,
          "--large-files": "1",
          "--large-bytes": values["large-bytes"],
          "--writers": "1",
          "--rate": "200",
          "--baseline": "5",
          "--dir": join(scratch, `paced-${run}`),
        }).flat(),
      );
      const { before, during } = report.writerLatencyMs;
      console.log(
        `one writer, 200 × 4 KiB/s, on the file being moved: p99 before ${before.p99Ms.toFixed(2)} ms, during ${during.p99Ms.toFixed(2)} ms, max ${during.maxMs.toFixed(1)} ms; moved in ${report.seconds.toFixed(1)} s; lost writes ${report.lostWrites}`,
      );
      rmSync(join(scratch, `paced-${run}`), { recursive: true });
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
