import { expect, it } from "vitest";
import { ManualScheduler, seededRandom } from "../src/index.js";

function schedulerWithLog() {
  const scheduler = new ManualScheduler();
  const log: string[] = [];
  const at = (atMs: number, name: string) =>
    scheduler.at(atMs, () => void log.push(`${name} at ${scheduler.nowMs()}`));
  return { scheduler, log, at };
}

it("stands still until it is moved", () => {
  const { scheduler, log, at } = schedulerWithLog();
  at(0, "a");
  at(10, "b");
  expect([scheduler.nowMs(), log, scheduler.armed, scheduler.nextMs]).toEqual([0, [], 2, 0]);
  scheduler.advance(9);
  expect([scheduler.nowMs(), log, scheduler.nextMs]).toEqual([9, ["a at 0"], 10]);
  scheduler.advance(1);
  expect([log, scheduler.armed, scheduler.nextMs]).toEqual([["a at 0", "b at 10"], 0, undefined]);
});

it("runs what falls due in order of time, then of arming", () => {
  const { scheduler, log, at } = schedulerWithLog();
  at(5, "late");
  at(3, "first");
  at(3, "second");
  scheduler.advance(100);
  expect(log).toEqual(["first at 3", "second at 3", "late at 5"]);
  expect(scheduler.nowMs()).toBe(100);
});

it("runs what is armed while it moves, if it falls due", () => {
  const { scheduler, log, at } = schedulerWithLog();
  scheduler.at(5, () => {
    at(5, "now");
    at(7, "soon");
    at(50, "later");
  });
  scheduler.advance(10);
  expect(log).toEqual(["now at 5", "soon at 7"]);
  expect(scheduler.nextMs).toBe(50);
});

it("runs what is armed for the past at once, without turning back", () => {
  const { scheduler, log, at } = schedulerWithLog();
  scheduler.advance(10);
  at(3, "past");
  scheduler.advance(0);
  expect(log).toEqual(["past at 10"]);
});

it("does not run what was cancelled, also from within another", () => {
  const { scheduler, log, at } = schedulerWithLog();
  const cancels: (() => void)[] = [];
  scheduler.at(1, () => {
    for (const cancel of cancels) cancel();
  });
  cancels.push(at(1, "same instant"), at(2, "next"));
  scheduler.advance(5);
  expect([log, scheduler.armed]).toEqual([[], 0]);
  for (const cancel of cancels) cancel();
});

it("does not hang on a timer that arms itself for an instant that has passed", () => {
  const scheduler = new ManualScheduler();
  const arm = () => void scheduler.at(5, arm);
  arm();
  expect(() => scheduler.advance(10)).toThrow("for ever at 5 ms");
});

it("runs one timer at a time when asked to, in the same order, and says when there is none", () => {
  const { scheduler, log, at } = schedulerWithLog();
  at(5, "late");
  const cancel = at(4, "never");
  at(3, "first");
  cancel();
  cancel();
  expect([scheduler.armed, scheduler.runNext(), scheduler.nowMs()]).toEqual([2, true, 3]);
  expect([scheduler.runNext(), scheduler.runNext(), scheduler.nowMs()]).toEqual([true, false, 5]);
  expect(log).toEqual(["first at 3", "late at 5"]);
});

it("keeps its order with many timers, armed and cancelled at random", () => {
  const scheduler = new ManualScheduler();
  const random = seededRandom(1);
  const ran: [number, number][] = [];
  const expected: [number, number][] = [];
  for (let number = 0; number < 1_000; number += 1) {
    const atMs = random.below(50);
    const cancel = scheduler.at(atMs, () => ran.push([atMs, number]));
    if (random.chance(0.3)) cancel();
    else expected.push([atMs, number]);
  }
  scheduler.advance(50);
  expect(ran).toEqual(expected.toSorted((one, other) => one[0] - other[0] || one[1] - other[1]));
});
