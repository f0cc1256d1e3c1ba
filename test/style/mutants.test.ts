import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mutatedCode } from "../mutation/mutate.js";
import { mutants } from "../mutation/mutants.js";

const root = new URL("../../", import.meta.url);

it("has at least 40 mutants, each of a rule of its own", () => {
  expect(new Set(mutants.map(({ rule }) => rule)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThanOrEqual(40);
});

it.each(mutants)("finds the code of: $rule", (mutant) => {
  for (const { file } of mutant.edits) {
    const code = readFileSync(new URL(file, root), "utf8");
    expect(mutatedCode(mutant, file, code)).not.toBe(code);
  }
  for (const test of mutant.tests === "simulation" ? [] : mutant.tests) {
    expect(existsSync(new URL(test, root)), test).toBe(true);
  }
});
