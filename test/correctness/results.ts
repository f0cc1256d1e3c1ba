import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const count = z.number().int().min(0);
const counts = z.record(z.string(), count);
/** What every file of results may say of its run. */
const run = { date: z.string().optional(), commit: z.string().optional() };

/** `docs/results/bugs.json`, kept by hand. */
export const bugs = z.array(
  z.strictObject({
    title: z.string(),
    found: z.enum(["simulation", "model", "chaos", "fuzz", "walks", "mutation", "stock", "before"]),
    /** How to see it again, each a few words. */
    seeds: z.array(z.string()),
    story: z.string(),
    commit: z.string().regex(/^[0-9a-f]{7}$/),
    /** The tests that keep it out, and a text that is in each. */
    tests: z.array(z.strictObject({ file: z.string(), text: z.string() })).min(1),
  }),
);
export type Bug = z.output<typeof bugs>[number];

/** `docs/results/simulation.json`, written by the simulation. */
export const simulation = z.looseObject({
  ...run,
  seeds: z.looseObject({ from: count, count }).optional(),
  runs: count,
  migrations: count,
  failures: count,
  unjudged: count.optional(),
  minutes: z.number().optional(),
  faults: counts.optional(),
  marks: counts,
});

/** `docs/results/chaos.json`, written by `test/chaos`. */
export const chaos = z.looseObject({
  ...run,
  minutes: z.number(),
  rounds: count,
  failedRounds: count,
  kills: count,
  killsByVictim: counts,
  killPoints: z.looseObject({ all: count, reached: count }),
  faults: counts,
  migrations: count,
  resumes: count,
  acknowledgedWrites: count,
  readsChecked: count,
  historiesTooHard: count,
  storesChecked: count,
  failures: z.array(z.looseObject({ command: z.string(), violations: z.array(z.string()) })).default([]),
  lostWrites: count,
});

/** `docs/results/model.json`, written by `test/model`. */
export const model = z.looseObject({
  ...run,
  searches: z.array(
    z.strictObject({
      model: z.string(),
      title: z.string(),
      macros: z.string(),
      verdict: z.enum(["holds", "breaks"]),
      how: z.string(),
      states: count,
      depth: count,
      memoryMib: z.number(),
      seconds: z.number(),
    }),
  ),
});

/** `docs/results/mutants.json`, written by `test/mutation`. */
export const mutants = z.looseObject({
  ...run,
  rules: count,
  killed: count,
  survived: count,
  mutants: z.array(
    z.looseObject({ rule: z.string(), by: z.string(), killedBy: z.string().nullable(), seconds: z.number() }),
  ),
});

/** `docs/results/stryker.json`, written by `test/mutation`. */
export const stryker = z.looseObject({
  ...run,
  packages: z.array(
    z.looseObject({ name: z.string(), mutants: count, killed: count, survived: count, score: z.number() }),
  ),
});

/** `docs/results/fuzz.json`, written by `test/fuzz`. */
export const fuzz = z.looseObject({
  ...run,
  minutes: z.number(),
  targets: z.array(
    z.looseObject({
      name: z.string(),
      holds: z.string(),
      inputs: count,
      accepted: count,
      refused: count,
      reachedNewCode: count,
      failures: count,
    }),
  ),
});

/** `docs/results/soak.json`, from the report of `rebalance-runner soak`. */
export const soak = z.looseObject({
  ...run,
  command: z.string(),
  minutes: z.number(),
  rounds: count,
  filesMoved: count,
  kills: counts,
  acknowledgedWrites: count,
  lostWrites: count,
});

/** Reads a file of results; `undefined` when nobody has written it yet. */
export function readResults<T>(folder: string, name: string, schema: z.ZodType<T>): T | undefined {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) return undefined;
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not what this page is written from: ${z.prettifyError(parsed.error)}`);
}
