import { defineConfig, type Options } from "tsup";

/** Build of a library package: ESM and types from the entries, other packages left as imports. */
export function library(entry: string[] = ["src/index.ts"]) {
  return defineConfig({
    entry,
    format: ["esm"],
    target: "node20",
    platform: "neutral",
    external: [/^node:/],
    sourcemap: true,
    clean: true,
    // tsup 8 injects `baseUrl` into its declaration build, which TypeScript 6 calls deprecated.
    dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] } },
  });
}

/** Bundled CommonJS modules ask for `require`, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
/**
 * Functions are optimized after three times as much work as usual. V8's optimizing compiler shares the processor with what it is for, and
 * for the first thousand calls takes more than it gives: 1 GiB moved with a tenth to a quarter less of the processor, small files as fast as
 * before; at fifteen times these took a third longer (measured, Node 20, which has 67,584). It is said before the code that it is about.
 */
const PATIENT_COMPILER =
  "import { setFlagsFromString as __setFlags } from 'node:v8'; __setFlags('--interrupt-budget=200000');";

/** Build of an app: one file that plain `node` runs; only native modules stay outside. */
export function app(entry: Record<string, string>, options: Options = {}) {
  return defineConfig({
    entry,
    format: ["esm"],
    target: "node20",
    platform: "node",
    sourcemap: true,
    clean: true,
    dts: false,
    splitting: false,
    // lmdb finds its native binary beside its own files.
    noExternal: [/^(?!lmdb$)/],
    external: ["lmdb"],
    esbuildOptions(build) {
      build.conditions = ["@brickshift/source", "node", "import"];
    },
    banner: { js: `${REQUIRE}\n${PATIENT_COMPILER}` },
    ...options,
  });
}
