import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@brickshift/testkit";
import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { build } from "tsup";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fsck } from "../../src/fsck.js";
import { openDiskStore } from "../../src/store-disk.js";
import { createTree } from "../../src/tree/create-tree.js";
import type { Tree } from "../../src/tree/tree.js";
import type { CrashLine, CrashStep } from "./crash-log.js";
import { afterStep, type ModelFile, type ModelWorker } from "./crash-model.js";

const KILLS = Number(process.env["BRICKSHIFT_KILLS"] ?? 20);
const SEED = Number(process.env["BRICKSHIFT_SEED"] ?? 1);

// Beside the package's modules, so that the child finds lmdb.
const scratch = fileURLToPath(new URL("../../node_modules/.crash-test", import.meta.url));
let directory: string;

beforeAll(async () => {
  mkdirSync(scratch, { recursive: true });
  directory = mkdtempSync(join(scratch, "store-"));
  await build({
    entry: { child: fileURLToPath(new URL("crash-child.ts", import.meta.url)) },
    outDir: scratch,
    format: ["esm"],
    target: "node20",
    platform: "node",
    config: false,
    silent: true,
    clean: false,
    external: ["lmdb"],
    noExternal: [/^@brickshift/, "zod"],
    esbuildOptions(options) {
      options.conditions = ["@brickshift/source", "node", "import"];
    },
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a child until it has acknowledged `steps` steps, kills it wherever it is then, and tells what it said. */
async function runAndKill(round: number, steps: number): Promise<CrashLine[]> {
  const child = spawn(process.execPath, [join(scratch, "child.js"), directory, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let acknowledged = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    text += chunk;
    acknowledged += chunk.split('"done"').length - 1;
    if (acknowledged >= steps) child.kill("SIGKILL");
  });
  const signal = await new Promise((resolve) => child.once("close", (_code, name) => resolve(name)));
  expect(signal).toBe("SIGKILL");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as CrashLine);
}

/** What each worker must have left: every acknowledged step, and perhaps the one that was not. */
function modelOf(lines: readonly CrashLine[]): Map<string, ModelWorker> {
  const workers = new Map<string, ModelWorker>();
  for (const line of lines) {
    const { files, open } = workers.get(line.worker) ?? { files: new Map(), open: undefined };
    if ("begin" in line) workers.set(line.worker, { files, open: line.begin });
    else workers.set(line.worker, { files: afterStep(files, open as CrashStep), open: undefined });
  }
  return workers;
}

async function faultsOf(
  tree: Tree,
  directory: Gfid,
  files: ReadonlyMap<string, ModelFile>,
): Promise<string[]> {
  const entries = tree.readdir(directory, 2n, 100_000).entries;
  const faults: string[] = [];
  const names = new Set(entries.map(({ name }) => name));
  for (const name of files.keys()) if (!names.has(name)) faults.push(`${name} is gone`);
  for (const { name, gfid } of entries) {
    const file = files.get(name);
    if (file === undefined || file.gfid !== gfid) faults.push(`${name} should not be ${gfid}`);
    else faults.push(...(await faultsOfFile(tree, name, gfid, file)));
  }
  return faults;
}

async function faultsOfFile(tree: Tree, name: string, gfid: Gfid, file: ModelFile): Promise<string[]> {
  const stat = tree.stat(gfid);
  if ((tree.linkto(gfid) !== undefined) !== file.isMoved) return [`${name} moved: ${String(!file.isMoved)}`];
  if (stat.size !== file.bytes.length) return [`${name} has ${stat.size} bytes for ${file.bytes.length}`];
  const { bytes } = await tree.read(gfid, 0, new Uint8Array(stat.size), { internal: true });
  if (Buffer.compare(bytes, file.bytes) !== 0) return [`${name} has other bytes`];
  const mtimeNs = BigInt(stat.mtime) * 1_000_000_000n + BigInt(stat.mtimeNsec);
  return file.mtimeNs !== undefined && file.mtimeNs !== mtimeNs ? [`${name} has another mtime`] : [];
}

/** Bytes that an unacknowledged write may have torn are taken as they are. */
async function withTornWrite(tree: Tree, files: ReadonlyMap<string, ModelFile>, step: CrashStep) {
  const file = files.get(step.name);
  if (step.type !== "write" || file === undefined) return files;
  const { bytes } = await tree.read(file.gfid as Gfid, 0, new Uint8Array(400_000));
  const end = step.offset + step.length;
  const torn = new Uint8Array(Math.max(file.bytes.length, Math.min(bytes.length, end)));
  torn.set(file.bytes);
  torn.set(bytes.subarray(step.offset, end), Math.min(step.offset, torn.length));
  return new Map(files).set(step.name, { ...file, bytes: torn, mtimeNs: undefined });
}

it(`keeps every acknowledged step over ${KILLS} kills`, { timeout: 300_000 }, async () => {
  const random = seededRandom(SEED);
  const kept = new Map<string, ReadonlyMap<string, ModelFile>>();
  const reached = { acknowledged: 0, open: 0, happened: 0, recovered: 0 };
  for (let round = 0; round < KILLS; round += 1) {
    const lines = await runAndKill(round, 1 + random.below(600));
    reached.acknowledged += lines.filter((line) => "done" in line).length;
    const store = await openDiskStore({ directory });
    expect(store.wasClosed).toBe(false);
    const tree = await createTree(store);
    reached.recovered += tree.recovered.orphans + tree.recovered.unlinked + tree.recovered.emptied;
    for (const [worker, { files, open }] of modelOf(lines)) {
      const gfid = tree.lookup(ROOT_GFID, worker).stat.gfid;
      const before = await faultsOf(tree, gfid, files);
      let now = files;
      if (open !== undefined) {
        reached.open += 1;
        const after = afterStep(files, open);
        if (before.length > 0) {
          reached.happened += 1;
          now =
            (await faultsOf(tree, gfid, after)).length === 0 ? after : await withTornWrite(tree, files, open);
        }
      }
      expect(
        await faultsOf(tree, gfid, now),
        `seed ${SEED}, ${worker}, open ${JSON.stringify(open)}`,
      ).toEqual([]);
      kept.set(worker, now);
    }
    await tree.close();
    expect(await fsck(store)).toMatchObject({ findings: [], isSound: true });
    await store.close();
  }
  const store = await openDiskStore({ directory });
  const tree = await createTree(store);
  for (const [worker, files] of kept) {
    expect(await faultsOf(tree, tree.lookup(ROOT_GFID, worker).stat.gfid, files)).toEqual([]);
  }
  await tree.close();
  await store.close();
  // The walk is worth nothing if no kill came between a step and its end.
  expect(reached.acknowledged).toBeGreaterThan(KILLS * 20);
  expect(reached.open).toBeGreaterThan(KILLS);
  expect(reached.happened).toBeGreaterThan(0);
  expect(reached.recovered).toBeGreaterThan(0);
});
