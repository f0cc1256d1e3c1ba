import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const count = z.int().min(0);

/** What many runs came to, as `--results` and `--json` write it; `docs/correctness.md` is written from it. */
export const simulationResults = z.strictObject({
  /** The day, as YYYY-MM-DD. */
  date: z.string(),
  /** The commit whose code ran, abbreviated. */
  commit: z.string(),
  /** The first seed and how many there were; each ran in each of `modes`. */
  seeds: z.strictObject({ from: count, count }),
  modes: z.array(z.enum(["safety", "liveness"])),
  runs: count,
  /** Files that had an outcome: moved, or given up. */
  migrations: count,
  /** Migrations a minute of one core. */
  migrationsPerCoreMinute: count,
  minutes: z.number(),
  /** Runs in which a promise was broken; `failing` has the commands that replay the first of them. */
  failures: count,
  failing: z.array(z.string()),
  /** Histories that were too hard to search. */
  unjudged: count,
  /** Faults that struck, by their kind. */
  faults: z.record(z.string(), count),
  /** How often each state was reached, by the names of `marks.ts`. */
  marks: z.record(z.string(), count),
});
export type SimulationResults = z.output<typeof simulationResults>;

/** Writes them for people to keep: one line for each value. */
export function writeResults(path: string, results: SimulationResults): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(simulationResults.parse(results), undefined, 2)}\n`);
}

/** The abbreviated commit of the working tree; `unknown` outside of a repository. */
export function headCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=7", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
