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
    // Bundled CommonJS modules ask for `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    ...options,
  });
}
