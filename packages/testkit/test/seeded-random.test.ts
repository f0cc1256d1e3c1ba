import { expect, it } from "vitest";
import { seededRandom } from "../src/index.js";

it("gives the sequence of mulberry32", () => {
  const random = seededRandom(1);
  expect(random.next()).toBe(0.6270739405881613);
});

it("gives equal sequences for equal seeds and others for others", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [
      random.next(),
      random.below(1_000),
      random.pick(["a", "b", "c"]),
      random.chance(0.5),
      ...random.bytes(5),
    ];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it("stays below the bound and reaches every number under it", () => {
  const random = seededRandom(3);
  const seen = new Set(Array.from({ length: 500 }, () => random.below(6)));
  expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5]));
});

it("picks every item, and refuses to pick from none", () => {
  const random = seededRandom(4);
  const items = ["a", "b", "c"];
  expect(new Set(Array.from({ length: 100 }, () => random.pick(items)))).toEqual(new Set(items));
  expect(() => random.pick([])).toThrow("nothing to pick from");
});

it("takes a chance about as often as told", () => {
  const random = seededRandom(5);
  const hits = (per: number) =>
    Array.from({ length: 10_000 }, () => random.chance(per)).filter(Boolean).length;
  expect(hits(0)).toBe(0);
  expect(hits(1)).toBe(10_000);
  expect(Math.abs(hits(0.25) - 2_500)).toBeLessThan(200);
});

it("gives as many bytes as asked for, of all values", () => {
  const random = seededRandom(6);
  expect(random.bytes(0).length).toBe(0);
  expect(new Set(random.bytes(5_000)).size).toBe(256);
});
