import { defineConfig, mergeConfig } from "vitest/config";
import { project } from "../../vitest.base.js";

/** Stock GlusterFS beside our own: one file at a time, as mounts and ports belong to the machine. */
export default mergeConfig(
  project("interop"),
  defineConfig({
    test: {
      include: ["**/*.test.ts"],
      root: import.meta.dirname,
      fileParallelism: false,
      testTimeout: 600_000,
      hookTimeout: 120_000,
    },
  }),
);
