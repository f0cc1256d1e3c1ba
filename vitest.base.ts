import { defineConfig } from "vitest/config";
import { MUTANT, mutateTests } from "./test/mutation/mutate.js";

const conditions = ["@brickshift/source", "node", "import", "module", "default"];

/** Test project of one package; the other packages are taken from their sources, so that nothing needs a build. */
export function project(name: string) {
  const mutant = process.env[MUTANT];
  return defineConfig({
    plugins: mutant === undefined ? [] : [mutateTests(mutant)],
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include: ["test/**/*.test.ts"], testTimeout: 180_000 },
  });
}
