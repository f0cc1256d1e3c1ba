import { defineConfig } from "vitest/config";

const conditions = ["@brickshift/source", "node", "import", "module", "default"];

/** Test project of one package; the other packages are taken from their sources, so that nothing needs a build. */
export function project(name: string) {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include: ["test/**/*.test.ts"], testTimeout: 180_000 },
  });
}
