import { expect, it } from "vitest";
import { Slots } from "../src/slots.js";

it("counts the tasks that hold a slot, also while somebody waits for their end", async () => {
  const slots = new Slots(4);
  await slots.take();
  await slots.take();
  let isDrained = false;
  const drained = slots.drain().then(() => (isDrained = true));
  await Promise.resolve();
  expect(slots.taken).toBe(2);
  slots.release();
  await Promise.resolve();
  expect({ taken: slots.taken, isDrained }).toEqual({ taken: 1, isDrained: false });
  slots.release();
  await drained;
  expect(slots.taken).toBe(0);
});

it("drains at once when no slot is taken", async () => {
  const slots = new Slots(1);
  await slots.drain();
  await slots.take();
  slots.release();
  await slots.drain();
});

it("hands a slot to who waits for one, and drains after the last of them", async () => {
  const slots = new Slots(1);
  await slots.take();
  const order: string[] = [];
  const second = slots.take().then(() => order.push("second"));
  const drained = slots.drain().then(() => order.push("drained"));
  slots.release();
  await second;
  expect(slots.taken).toBe(1);
  slots.release();
  await drained;
  expect(order).toEqual(["second", "drained"]);
});
