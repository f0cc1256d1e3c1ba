import { expect, it } from "vitest";
import { smallSize, storeLoads } from "../../bench/store-load.js";
import { createMemoryStore } from "../../src/store/memory-store.js";

it("runs the loads of the benchmark, small", async () => {
  const results = await storeLoads(createMemoryStore(), smallSize);
  expect(results.length).toBe(8);
  for (const { perSecond } of results) expect(perSecond).toBeGreaterThan(0);
});
