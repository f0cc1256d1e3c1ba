import { expect, it } from "vitest";
import { rebalanceOptions } from "../src/options.js";

it("has 32 MiB in flight at the most by default, however many large files move: with 64 a runner took 223 MiB", () => {
  const { largeConcurrency, copy } = rebalanceOptions.parse({});
  expect(largeConcurrency * copy.windowMax * copy.chunkBytes).toBeLessThanOrEqual(32 * 1_024 * 1_024);
});
