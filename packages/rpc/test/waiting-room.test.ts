import { expect, it } from "vitest";
import { callLimits } from "../src/index.js";
import { WaitingRoom } from "../src/waiting-room.js";

it("lets go in order, whoever left before left out", () => {
  const room = new WaitingRoom<string>(callLimits.parse({}));
  room.enter("a", 1, 10);
  const ticket = room.enter("b", 1, 10);
  room.enter("c", 1, Infinity);
  room.leave(ticket);
  expect(room.takeAll()).toEqual(["a", "c"]);
  expect([room.count, room.deadlineMs]).toEqual([0, undefined]);
});

it("lets go of those whose time is up, and tells the next instant", () => {
  const room = new WaitingRoom<string>(callLimits.parse({}));
  room.enter("late", 1, 30);
  room.enter("early", 1, 10);
  room.enter("never", 1, Infinity);
  expect(room.deadlineMs).toBe(10);
  expect(room.takeDue(9)).toEqual([]);
  expect(room.takeDue(10)).toEqual(["early"]);
  expect(room.deadlineMs).toBe(30);
  expect(room.takeDue(1_000)).toEqual(["late"]);
  expect([room.count, room.deadlineMs]).toEqual([1, undefined]);
});
