import { defineConfig, mergeConfig } from "vitest/config";
import { project } from "../vitest.base.js";

export default mergeConfig(
  project("test"),
  defineConfig({ test: { include: ["{chaos,readme,style,simulation,fuzz,correctness}/**/*.test.ts"] } }),
);
