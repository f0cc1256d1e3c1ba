import { fileURLToPath } from "node:url";
import { app } from "../../tsup.base.js";
import { MUTANT, mutateBundle } from "./mutate.js";

const { [MUTANT]: rule = "", BRICKSHIFT_OUT: outDir = "" } = process.env;

/** The simulation without one rule. */
export default app(
  { sim: fileURLToPath(new URL("../simulation/cli.ts", import.meta.url)) },
  { outDir, outExtension: () => ({ js: ".mjs" }), esbuildPlugins: [mutateBundle(rule)] },
);
