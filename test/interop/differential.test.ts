import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Comparison, compareScript, type Difference } from "./support/differential/compare-script.js";
import type { Deviation } from "./support/differential/deviation.js";
import { deviations } from "./support/differential/deviations.js";
import { generateScript } from "./support/differential/generate-script.js";
import { shrinkScript } from "./support/differential/shrink-script.js";
import { formatScript, type Script } from "./support/differential/step.js";
import { type ComparedBrick, ourBrick, stockBrick } from "./support/differential/two-bricks.js";
import { Scratch } from "./support/scratch.js";

const scripts = Number(process.env["BRICKSHIFT_SCRIPTS"] ?? 2_000);
const firstSeed = Number(process.env["BRICKSHIFT_SEED"] ?? 1);
/** Scripts that run at one time, each in a directory of its own. */
const LANES = 4;

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

type Bricks = readonly [ComparedBrick, ComparedBrick];
let runs = 0;
/** Runs a script in a directory that none had before. */
function compare(bricks: Bricks, script: Script, allowed: readonly Deviation[]): Promise<Comparison> {
  runs += 1;
  return compareScript(bricks, script, runs, allowed);
}

interface Failure {
  readonly seed: number;
  readonly difference: Difference;
}

/**
 * What a failing test prints: the shortest script that still differs, and how to run it again. One that does not differ again is
 * printed whole, with what was seen once.
 */
async function describeFailure(
  bricks: Bricks,
  { seed, difference: first }: Failure,
  allowed: readonly Deviation[],
): Promise<string> {
  const fails = async (script: Script) => (await compare(bricks, script, allowed)).difference !== undefined;
  const shortest = await shrinkScript(generateScript(seed), fails);
  const { difference = { ...first, times: "once" } } = await compare(bricks, shortest, allowed);
  const again = `BRICKSHIFT_SEED=${seed} BRICKSHIFT_SCRIPTS=1 npx vitest run --config test/interop/vitest.config.ts differential`;
  return `seed ${seed}: ${JSON.stringify(difference, null, 1)}\n${formatScript(shortest)}\n${again}`;
}

it("does what a stock brick does, but for the deviations that have a name", async () => {
  const bricks = [await ourBrick(scratch), await stockBrick(scratch)] as const;
  const kinds = new Map<string, number>();
  const ended = new Map<string, number>();
  const failures: Failure[] = [];
  let next = firstSeed;
  const lane = async () => {
    while (next < firstSeed + scripts && failures.length === 0) {
      const seed = next;
      next += 1;
      const { difference, outcomes, endedBy } = await compare(bricks, generateScript(seed), deviations);
      for (const kind of outcomes) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (endedBy !== undefined) ended.set(endedBy, (ended.get(endedBy) ?? 0) + 1);
      if (difference !== undefined) failures.push({ seed, difference });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const [failure] = failures;
  const found = failure === undefined ? "" : await describeFailure(bricks, failure, deviations);
  expect(found).toBe("");
  if (scripts < 100) return;
  // The walk is worth nothing if it does not come about: every fop succeeds somewhere, and most are refused too.
  const fops = [...kinds.keys()].filter((kind) => kind.endsWith(" OK"));
  expect(fops.length).toBeGreaterThanOrEqual(45);
  expect(kinds.size).toBeGreaterThan(120);
  // Nor if many scripts end at a deviation before their last step: measured 2.4 %.
  const endedEarly = [...ended.values()].reduce((sum, count) => sum + count, 0);
  expect(endedEarly).toBeLessThan(scripts * 0.05);
}, 1_200_000);

it("has the reason of every deviation in the documentation, and of no other", () => {
  const page = readFileSync(new URL("../../docs/deviations.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => String(name));
  const named = new Set(deviations.map(({ name }) => name));
  expect(documented.toSorted()).toEqual([...named].toSorted());
});

it("finds a brick that differs, and shrinks the script to what shows it", async () => {
  const bricks = [await ourBrick(scratch), await ourBrick(scratch, { locksPerInodeMax: 1 })] as const;
  for (let seed = 1; ; seed += 1) {
    if ((await compare(bricks, generateScript(seed), [])).difference === undefined) continue;
    const fails = async (script: Script) => (await compare(bricks, script, [])).difference !== undefined;
    const shortest = await shrinkScript(generateScript(seed), fails);
    expect(shortest.filter(({ fop }) => fop.endsWith("lk")).length).toBeGreaterThanOrEqual(2);
    expect(shortest.length).toBeLessThan(8);
    return;
  }
});
