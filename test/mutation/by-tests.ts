import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { MUTANT } from "./mutate.js";

/** A test that ends no more has noticed as well. */
const TEST_TIMEOUT_MS = 120_000;

const verdict = z.object({
  numFailedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

/** The first of `tests` that fails on code without `rule`, and its file. @throws Error when they do not run. */
export function failingTest(
  root: string,
  rule: string,
  tests: readonly string[],
  scratch: string,
): string | undefined {
  const report = join(scratch, "report.json");
  const timeout = `--testTimeout=${TEST_TIMEOUT_MS}`;
  const flags = ["--bail=1", timeout, "--reporter=json", `--outputFile=${report}`];
  const { stderr } = spawnSync("node_modules/.bin/vitest", ["run", ...tests, ...flags], {
    cwd: root,
    env: { ...process.env, [MUTANT]: rule },
    encoding: "utf8",
  });
  const { numFailedTests, testResults } = verdict.parse(JSON.parse(readReport(report, stderr)));
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed !== undefined) return `${relative(root, name)}: ${failed.fullName}`;
  }
  const broken = testResults.find(({ message }) => message !== "");
  if (broken !== undefined || numFailedTests > 0) {
    throw new Error(`${broken?.name} did not run: ${broken?.message}`);
  }
  return undefined;
}

function readReport(report: string, stderr: string): string {
  try {
    return readFileSync(report, "utf8");
  } catch (cause) {
    throw new Error(`the tests did not run: ${stderr.slice(-2_000)}`, { cause });
  }
}
