import { defineConfig, mergeConfig } from "vitest/config";
import { project } from "../../vitest.base.js";

/** The models: two searches at a time, as each takes a core and some of the memory. */
export default mergeConfig(
  project("model"),
  defineConfig({
    test: {
      include: ["**/*.test.ts"],
      root: import.meta.dirname,
      maxConcurrency: 2,
      testTimeout: 14_400_000,
    },
  }),
);
