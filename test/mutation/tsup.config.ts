import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { app } from "../../tsup.base.js";
import { broken, readRules, root } from "./rule.js";

const { BRICKSHIFT_RULE: name, BRICKSHIFT_OUT: outDir = "" } = process.env;
const rule = readRules().find((other) => other.name === name);
if (rule === undefined) throw new Error(`there is no rule ${name}`);

/** The simulation, with one rule broken while the sources are read: the checkout stays as it is. */
export default app(
  { sim: join(root, "test/simulation/cli.ts") },
  {
    outDir,
    outExtension: () => ({ js: ".mjs" }),
    esbuildPlugins: [
      {
        name: "break-a-rule",
        setup(build) {
          build.onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => ({
            contents: broken(rule, relative(root, path), readFileSync(path, "utf8")),
            loader: "ts",
          }));
        },
      },
    ],
  },
);
