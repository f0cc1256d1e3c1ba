import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { failingRun } from "./by-simulation.js";
import { failingTest } from "./by-tests.js";
import { mutants } from "./mutants.js";
import { keepResult, resultOf } from "./results.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const rules = mutants.map(({ rule }) => rule);

describe.each(["tests", "simulation"])("by %s", (by) => {
  const theirs = mutants.filter(({ tests }) => (tests === "simulation") === (by === "simulation"));
  it.each(theirs.map((mutant) => [mutant.rule, mutant] as const))(
    "is noticed without: %s",
    (rule, mutant) => {
      const { tests } = mutant;
      const scratch = mkdtempSync(join(tmpdir(), "brickshift-mutant-"));
      const startedAtMs = performance.now();
      try {
        const failed =
          tests === "simulation" ? failingRun(root, rule, scratch) : failingTest(root, rule, tests, scratch);
        keepResult(root, rules, resultOf(mutant, failed, startedAtMs));
        process.stdout.write(`without "${rule}" fails ${failed}\n`);
        expect(failed, `of ${String(tests)} none notices`).toBeDefined();
      } finally {
        rmSync(scratch, { recursive: true });
      }
    },
  );
});
