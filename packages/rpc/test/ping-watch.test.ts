import { expect, it } from "vitest";
import { PingWatch } from "../src/index.js";

const call = { type: "call" } as const;
const sent = { type: "sent" } as const;
const received = { type: "received" } as const;
const pong = { type: "pong" } as const;
const tick = (outstanding: number) => ({ type: "tick", outstanding }) as const;

it("pings with the first call, then once a period as long as calls are outstanding", () => {
  const watch = new PingWatch(10);
  expect(watch.deadlineMs).toBeUndefined();
  expect(watch.step(call, 0)).toEqual(["ping"]);
  expect(watch.step(call, 1)).toEqual([]);
  watch.step(pong, 3);
  expect(watch.deadlineMs).toBe(13);
  expect(watch.step(call, 5)).toEqual([]);
  expect(watch.step(tick(1), 12)).toEqual([]);
  expect(watch.step(tick(1), 13)).toEqual(["ping"]);
});

it("falls silent on an idle connection and starts again with the next call", () => {
  const watch = new PingWatch(10);
  watch.step(call, 0);
  watch.step(pong, 1);
  expect(watch.step(tick(0), 11)).toEqual([]);
  expect(watch.deadlineMs).toBeUndefined();
  expect(watch.step(call, 100)).toEqual(["ping"]);
});

it("takes a peer for dead that was silent for a period after the ping", () => {
  const watch = new PingWatch(10);
  watch.step(call, 0);
  expect(watch.step(tick(1), 10)).toEqual(["dead"]);
});

it("takes a peer for alive that sends anything, pong or not", () => {
  const watch = new PingWatch(10);
  watch.step(call, 0);
  for (let nowMs = 10; nowMs <= 100; nowMs += 10) {
    watch.step(received, nowMs - 5);
    expect(watch.step(tick(1), nowMs)).toEqual([]);
  }
  expect(watch.step(tick(1), 110)).toEqual(["dead"]);
});

it("gives a silent peer one more period for what was sent meanwhile, and not a third", () => {
  const watch = new PingWatch(10);
  watch.step(call, 0);
  watch.step(sent, 9);
  expect(watch.step(tick(1), 10)).toEqual([]);
  watch.step(sent, 19);
  expect(watch.step(tick(1), 20)).toEqual(["dead"]);
});

it("never pings with a timeout of 0", () => {
  const watch = new PingWatch(0);
  expect(watch.step(call, 0)).toEqual([]);
  expect(watch.deadlineMs).toBeUndefined();
});
