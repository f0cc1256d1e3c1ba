import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Options } from "tsup";
import type { Plugin as VitePlugin } from "vite";
import type { Mutant } from "./mutant.js";
import { mutants } from "./mutants.js";

type EsbuildPlugin = NonNullable<Options["esbuildPlugins"]>[number];

/** The environment variable that names a mutant by its rule. */
export const MUTANT = "BRICKSHIFT_MUTANT";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Hands the code without `rule` to the tests in place of what the files say; no file is changed. */
export function mutateTests(rule: string): VitePlugin {
  const mutant = mutantOf(rule);
  return {
    name: "brickshift-mutant",
    enforce: "pre",
    transform(code, id) {
      const mutated = mutatedCode(mutant, relative(root, id), code);
      return mutated === code ? undefined : { code: mutated, map: null };
    },
  };
}

/** The same, for a bundle. */
export function mutateBundle(rule: string): EsbuildPlugin {
  const mutant = mutantOf(rule);
  return {
    name: "brickshift-mutant",
    setup(build) {
      build.onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => ({
        contents: mutatedCode(mutant, relative(root, path), await readFile(path, "utf8")),
        loader: "ts",
      }));
    },
  };
}

/** The code of `file` without the rule. @throws Error when a text to be replaced is not there exactly once. */
export function mutatedCode({ edits }: Mutant, file: string, code: string): string {
  let mutated = code;
  for (const { from, to } of edits.filter((edit) => edit.file === file)) {
    const parts = mutated.split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, and not once: ${from}`);
    mutated = parts.join(to);
  }
  return mutated;
}

function mutantOf(rule: string): Mutant {
  const mutant = mutants.find((each) => each.rule === rule);
  if (mutant === undefined) throw new Error(`there is no mutant "${rule}"`);
  return mutant;
}
