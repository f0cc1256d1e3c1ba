import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { failingRun } from "./by-simulation.js";
import { failingTest } from "./by-tests.js";
import { mutants } from "./mutants.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

it.each(mutants.map(({ rule, tests }) => [rule, tests] as const))("is noticed without: %s", (rule, tests) => {
  const scratch = mkdtempSync(join(tmpdir(), "brickshift-mutant-"));
  try {
    const failed =
      tests === "simulation" ? failingRun(root, rule, scratch) : failingTest(root, rule, tests, scratch);
    process.stdout.write(`without "${rule}" fails ${failed}\n`);
    expect(failed, `of ${String(tests)} none notices`).toBeDefined();
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
