/** Does seeded steps on a brick's store, tells of each before and after, until it is killed. */
import { writeSync } from "node:fs";
import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { openDiskStore } from "../../src/store-disk.js";
import { createTree } from "../../src/tree/create-tree.js";
import type { Tree } from "../../src/tree/tree.js";
import { type CrashLine, type CrashStep, stepBytes } from "./crash-log.js";

const WORKERS = 8;
const LINKTO = "brick-d";

function say(line: CrashLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function randomOf(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

function nextStep(names: string[], count: number, below: (bound: number) => number): CrashStep {
  const name = names[below(names.length)];
  if (name === undefined || names.length < 3) {
    return { type: "create", name: `f${count}`, gfid: globalThis.crypto.randomUUID() };
  }
  const offset = below(200_000);
  const steps: readonly CrashStep[] = [
    { type: "create", name: `f${count}`, gfid: globalThis.crypto.randomUUID() },
    { type: "write", name, offset, length: 1 + below(4_096), seed: count },
    { type: "write", name, offset, length: 70_000 + below(100_000), seed: count },
    { type: "write", name, offset: 0, length: 1 + below(300), seed: count },
    { type: "truncate", name, size: offset },
    { type: "utimes", name, mtimeNs: `${1_000_000_000_000_000_000n + BigInt(count) * 7n}` },
    { type: "rename", name, to: `f${count}` },
    { type: "rename", name, to: names[below(names.length)] ?? name },
    { type: "unlink", name },
    { type: "hold-unlink", name },
    { type: "fsync", name },
    { type: "move", name },
  ];
  return steps[below(steps.length)] as CrashStep;
}

async function carryOut(
  tree: Tree,
  directory: Gfid,
  gfids: Map<string, Gfid>,
  step: CrashStep,
): Promise<void> {
  const gfid = gfids.get(step.name) as Gfid;
  switch (step.type) {
    case "create": {
      const made = parseGfid(step.gfid);
      await tree.create(directory, step.name, { gfid: made, mode: 0o644, uid: 1, gid: 1 });
      gfids.set(step.name, made);
      return;
    }
    case "write":
      await tree.write(gfid, step.offset, stepBytes(step.length, step.seed));
      return;
    case "truncate":
      await tree.truncate(gfid, step.size);
      return;
    case "utimes":
      await tree.setattr(gfid, { mtimeNs: BigInt(step.mtimeNs) });
      return;
    case "rename":
      await tree.rename(directory, step.name, directory, step.to);
      gfids.delete(step.name);
      gfids.set(step.to, gfid);
      return;
    case "hold-unlink":
    case "unlink":
      if (step.type === "hold-unlink") tree.hold(gfid);
      await tree.unlink(directory, step.name);
      gfids.delete(step.name);
      return;
    case "fsync":
      await tree.fsync(gfid, false);
      return;
    case "move":
      await tree.commitMoved(gfid, LINKTO, 1n);
      // A moved file takes no more steps.
      gfids.delete(step.name);
  }
}

async function work(tree: Tree, worker: string, below: (bound: number) => number): Promise<never> {
  const directory = parseGfid(globalThis.crypto.randomUUID());
  await tree.mkdir(ROOT_GFID, worker, { gfid: directory, mode: 0o755, uid: 0, gid: 0 });
  const gfids = new Map<string, Gfid>();
  for (let count = 0; ; count += 1) {
    const step = nextStep([...gfids.keys()], count, below);
    say({ worker, begin: step });
    await carryOut(tree, directory, gfids, step);
    say({ worker, done: true });
  }
}

const [directory, round] = process.argv.slice(2) as [string, string];
const tree = await createTree(await openDiskStore({ directory, openFilesMax: 16 }));
await Promise.all(
  Array.from({ length: WORKERS }, (_, index) =>
    work(tree, `round${round}-${index}`, randomOf(Number(round) * 1_000 + index)),
  ),
);
