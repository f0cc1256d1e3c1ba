import { expect, it } from "vitest";
import { QuickCalls } from "../../src/store/disk/quick-calls.js";

const next = (calls: QuickCalls, count: number) => Array.from({ length: count }, () => calls.areQuick);
const inPool = Array.from({ length: 32 }, () => false);

it("makes calls at once until one is slow, then so many in the pool, then tries again", () => {
  const calls = new QuickCalls({ running: 1 });
  calls.took(0.01, 4_096);
  expect(next(calls, 3)).toEqual([true, true, true]);
  for (let round = 0; round < 3; round += 1) {
    calls.took(5, 4_096);
    expect(next(calls, 33)).toEqual([...inPool, true]);
  }
});

it("bears slow calls where those in the pool had no company, until there is some", () => {
  const pool = { running: 0 };
  const calls = new QuickCalls(pool);
  calls.took(5, 4_096);
  expect(next(calls, 33)).toEqual([...inPool, true]);
  for (let call = 0; call < 256; call += 1) {
    calls.took(5, 4_096);
    expect(calls.areQuick).toBe(true);
  }
  calls.took(5, 4_096);
  expect(next(calls, 33)).toEqual([...inPool, true]);
  calls.took(5, 4_096);
  expect(calls.areQuick).toBe(true);
  pool.running = 1;
  calls.took(5, 4_096);
  expect(calls.areQuick).toBe(false);
});

it("gives a long call the time that its bytes take", () => {
  const calls = new QuickCalls({ running: 1 });
  calls.took(0.3, 131_072);
  expect(calls.areQuick).toBe(true);
  calls.took(0.3, 4_096);
  expect(calls.areQuick).toBe(false);
});

it("hands on what the call gives, and what it throws", () => {
  const calls = new QuickCalls({ running: 0 });
  expect(calls.make(1, () => 7)).toBe(7);
  expect(() =>
    calls.make(1, () => {
      throw new Error("no");
    }),
  ).toThrow("no");
});
