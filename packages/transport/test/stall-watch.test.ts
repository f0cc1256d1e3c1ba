import { expect, it } from "vitest";
import { StallWatch } from "../src/index.js";

it("tells a stall when one thing was under way for the whole time", () => {
  const watch = new StallWatch(100);
  expect(watch.look({ isWaiting: true, done: 3 }, 1_000)).toBe(false);
  expect(watch.look({ isWaiting: true, done: 3 }, 1_099)).toBe(false);
  expect(watch.look({ isWaiting: true, done: 3 }, 1_100)).toBe(true);
});

it("begins anew with each thing that comes to its end, and after a rest", () => {
  const watch = new StallWatch(100);
  watch.look({ isWaiting: true, done: 0 }, 0);
  expect(watch.look({ isWaiting: true, done: 1 }, 90)).toBe(false);
  expect(watch.look({ isWaiting: true, done: 1 }, 180)).toBe(false);
  expect(watch.look({ isWaiting: false, done: 1 }, 185)).toBe(false);
  expect(watch.look({ isWaiting: true, done: 1 }, 10_000)).toBe(false);
  expect(watch.look({ isWaiting: true, done: 1 }, 10_100)).toBe(true);
});
