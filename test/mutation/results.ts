import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutant.js";

/** What became of one mutant. */
export interface MutantResult {
  readonly rule: string;
  /** The files that were changed. */
  readonly files: readonly string[];
  readonly by: "tests" | "simulation";
  /** The test that failed, or the run of the simulation and what it failed by; `null` when nobody noticed. */
  readonly killedBy: string | null;
  /** How long it took to notice, start of the process included. */
  readonly seconds: number;
  /** The day of the run. */
  readonly date: string;
}

/** The result of `mutant`, which took from `startedAtMs` until now. */
export function resultOf(mutant: Mutant, killedBy: string | undefined, startedAtMs: number): MutantResult {
  const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
  return {
    rule: mutant.rule,
    files: [...new Set(mutant.edits.map(({ file }) => file))],
    by: mutant.tests === "simulation" ? "simulation" : "tests",
    killedBy: killedBy ?? null,
    seconds,
    date: new Date().toISOString().slice(0, 10),
  };
}

/**
 * Puts what became of one rule into `docs/results/mutants.json`, in the place of what an earlier run found out. Nothing is left of
 * what is none of `rules` any more.
 */
export function keepResult(root: string, rules: readonly string[], result: MutantResult): void {
  const path = join(root, "docs/results/mutants.json");
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results).mutants : [];
  const known = new Map([...earlier, result].map((each) => [each.rule, each]));
  const mutants = rules.flatMap((rule) => known.get(rule) ?? []);
  const killed = mutants.filter(({ killedBy }) => killedBy !== null).length;
  const results: Results = {
    date: result.date,
    rules: mutants.length,
    killed,
    survived: mutants.length - killed,
    mutants,
  };
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
}

interface Results {
  readonly date: string;
  readonly rules: number;
  readonly killed: number;
  readonly survived: number;
  readonly mutants: readonly MutantResult[];
}
