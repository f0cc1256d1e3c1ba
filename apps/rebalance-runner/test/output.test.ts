import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { jsonOutput } from "../src/output.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function written() {
  const writes: string[] = [];
  const owner = new EventEmitter();
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  return { writes, owner, output: jsonOutput(stream, owner) };
}

const lines = (...numbers: number[]) => numbers.map((n) => `{"event":"e","n":${n}}\n`).join("");
const figure = (n: number) => ({ event: "e", n });

it("writes the figures of ten milliseconds together, in their order, and later ones after them", () => {
  const { writes, output } = written();
  output.event(figure(1));
  vi.advanceTimersByTime(5);
  output.event(figure(2));
  vi.advanceTimersByTime(4);
  expect(writes).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(writes).toEqual([lines(1, 2)]);
  output.event(figure(3));
  vi.advanceTimersByTime(10);
  expect(writes).toEqual([lines(1, 2), lines(3)]);
});

it.each(["say", "status", "report"] as const)(
  "writes what is told by %s at once, behind the figures",
  (way) => {
    const { writes, output } = written();
    output.event(figure(1));
    const tell = {
      say: () => output.say("it happened", figure(2)),
      status: () => output.status(["so far"], figure(2)),
      report: () => output.report(["done"], figure(2)),
    };
    tell[way]();
    expect(writes).toEqual([lines(1, 2)]);
  },
);

it("waits anew, and writes nothing twice, after figures were written early", () => {
  const { writes, output, owner } = written();
  output.event(figure(1));
  vi.advanceTimersByTime(5);
  output.report([], figure(2));
  output.event(figure(3));
  vi.advanceTimersByTime(9);
  expect(writes).toEqual([lines(1, 2)]);
  vi.advanceTimersByTime(1);
  owner.emit("exit");
  expect(writes).toEqual([lines(1, 2), lines(3)]);
});

it("loses no figure when the process ends before it is time", () => {
  const { writes, owner, output } = written();
  output.event(figure(1));
  owner.emit("exit");
  expect(writes).toEqual([lines(1)]);
});

it("gathers no more than some tens of thousands of characters", () => {
  const { writes, output } = written();
  const numbers = Array.from({ length: 10_000 }, (_, n) => n);
  for (const n of numbers) output.event(figure(n));
  expect(writes.length).toBeGreaterThan(2);
  expect(Math.max(...writes.map((text) => text.length))).toBeLessThan(66_000);
  expect(lines(...numbers).startsWith(writes.join(""))).toBe(true);
});
