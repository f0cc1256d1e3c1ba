import { seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { SortedMap } from "../../src/store/sorted-map.js";

it.each([1, 2, 3])("does what a sorted array of entries would do, seed %i", (seed) => {
  const random = seededRandom(seed);
  const map = new SortedMap<number>();
  const model = new Map<string, number>();
  // Grows over many leaves, then shrinks until whole leaves are empty.
  for (let step = 0; step < 12_000; step += 1) {
    const key = String(random.below(4_000)).padStart(4, "0");
    if (random.chance(step < 6_000 ? 0.2 : 0.9)) {
      map.delete(key);
      model.delete(key);
    } else {
      map.set(key, step);
      model.set(key, step);
    }
    if (step % 100 !== 0) continue;
    const [from, to] = [random.below(4_000), random.below(4_000)].sort((a, b) => a - b) as [number, number];
    const [fromKey, toKey] = [String(from).padStart(4, "0"), String(to).padStart(4, "0")];
    const limit = random.pick([1, 10, 10_000]);
    const within = [...model]
      .filter(([one]) => one >= fromKey && one < toKey)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    expect(map.range(fromKey, toKey, limit, false)).toEqual(within.slice(0, limit));
    expect(map.range(fromKey, toKey, limit, true)).toEqual(within.toReversed().slice(0, limit));
    expect(map.get(key)).toBe(model.get(key));
  }
  for (let number = 500; number < 3_000; number += 1) {
    map.delete(String(number).padStart(4, "0"));
    model.delete(String(number).padStart(4, "0"));
  }
  map.set("1500", -1);
  model.set("1500", -1);
  expect(map.range("0000", "9999", 10_000, false).length).toBe(model.size);
  for (let number = 0; number < 4_000; number += 1) {
    const key = String(number).padStart(4, "0");
    expect(map.get(key)).toBe(model.get(key));
  }
});
