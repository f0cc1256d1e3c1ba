import { defineConfig } from "vitest/config";

/** Each test runs others in a process of its own, so that one at a time is enough. */
export default defineConfig({
  test: { name: "mutation", include: ["test/mutation/**/*.test.ts"], testTimeout: 600_000, maxWorkers: 1 },
});
