import { fileURLToPath } from "node:url";
import { app } from "../../tsup.base.js";
import { MUTANT, mutateBundle } from "../mutation/mutate.js";

const { [MUTANT]: rule = "", BRICKSHIFT_OUT: outDir = "" } = process.env;
const entry = (name: string) => fileURLToPath(new URL(`../../apps/${name}/src/cli.ts`, import.meta.url));

/** The programs without one rule. */
export default app(
  { brick: entry("brick-emulator"), runner: entry("rebalance-runner") },
  { outDir, outExtension: () => ({ js: ".mjs" }), esbuildPlugins: [mutateBundle(rule)] },
);
