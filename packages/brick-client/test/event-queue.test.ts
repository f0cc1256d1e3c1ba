import { expect, it } from "vitest";
import { EventQueue } from "../src/event-queue.js";

it("tells its owner once that it wants no more, however it ended", async () => {
  const ended: string[] = [];
  const queueOf = (name: string) => new EventQueue<number>(1, () => ended.push(name));
  const [left, overrun, closed] = [queueOf("left"), queueOf("overrun"), queueOf("closed")];
  await left.return();
  left.end();
  overrun.push(1);
  overrun.push(2);
  overrun.push(3);
  closed.end();
  closed.push(1);
  expect(ended).toEqual(["left", "overrun", "closed"]);
  expect(await closed.next()).toEqual({ done: true, value: undefined });
});

it("serves readers that wait in the order in which they came", async () => {
  const queue = new EventQueue<number>(1, () => {});
  const reads = [queue.next(), queue.next(), queue.next()];
  queue.push(1);
  queue.push(2);
  queue.end();
  expect(await Promise.all(reads)).toEqual([
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: true, value: undefined },
  ]);
});
