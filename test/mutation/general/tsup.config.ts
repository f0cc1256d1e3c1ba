import { fileURLToPath } from "node:url";
import { app } from "../../../tsup.base.js";

const { BRICKSHIFT_PACKAGE: name = "" } = process.env;
const tests = fileURLToPath(new URL(`../../../packages/${name}/test`, import.meta.url));

/**
 * The unit tests of one package for Mocha, beside their sources, since some read files from there. What takes seconds is not worth
 * its time for each of a thousand changes.
 */
export default app(
  {},
  {
    entry: [`${tests}/*.test.ts`, `!${tests}/{bench,readme,*.sim}.test.ts`],
    outDir: tests,
    outExtension: () => ({ js: ".mjs" }),
    clean: false,
    sourcemap: false,
    // One copy of each module, whichever test asks for it.
    splitting: true,
    external: ["@vitest/expect", "@vitest/pretty-format"],
    noExternal: [/^(?!@vitest\/)/],
    esbuildOptions(build) {
      build.conditions = ["@brickshift/source", "node", "import"];
      // Stryker builds in .stryker/tmp/sandbox-…, before it has linked what the package depends on there.
      build.nodePaths = [
        fileURLToPath(new URL(`../../../../../../packages/${name}/node_modules`, import.meta.url)),
      ];
      build.alias = { vitest: fileURLToPath(new URL("vitest-on-mocha.mjs", import.meta.url)) };
    },
  },
);
