const { BRICKSHIFT_PACKAGE: name } = process.env;
if (name === undefined) throw new Error("BRICKSHIFT_PACKAGE names the package: see run.mjs");

/** @type {import("@stryker-mutator/core").PartialStrykerOptions} */
export default {
  packageManager: "pnpm",
  testRunner: "mocha",
  plugins: ["@stryker-mutator/mocha-runner"],
  mutate: [`packages/${name}/src/**/*.ts`],
  ignorePatterns: ["apps", "bench", "docs", "test/interop", "test/simulation", "test/model", "**/dist"],
  buildCommand: "tsup --config test/mutation/general/tsup.config.ts --silent",
  mochaOptions: { spec: [`packages/${name}/test/*.test.mjs`] },
  coverageAnalysis: "perTest",
  concurrency: 1,
  // Of a machine that has other work too: what takes so long never ends.
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: `.stryker/${name}.incremental.json`,
  tempDirName: ".stryker/tmp",
  reporters: ["clear-text", "json", "progress-append-only"],
  jsonReporter: { fileName: `.stryker/${name}.json` },
  clearTextReporter: { logTests: false, allowColor: false, reportScoreTable: false },
};
