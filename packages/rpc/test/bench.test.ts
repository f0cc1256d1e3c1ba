import { expect, it } from "vitest";
import { echoCalls } from "../bench/call-load.js";

it.each([1, 64])("runs its benchmark small: %i callers", async (callers) => {
  expect(await echoCalls(500, callers)).toBeGreaterThan(0);
});
