import { expect, it } from "vitest";
import { recordMark, writeRecordMark } from "../src/index.js";

it.each([
  [0, [0x80, 0, 0, 0]],
  [1, [0x80, 0, 0, 1]],
  [0x0102_0304, [0x81, 2, 3, 4]],
  [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff]],
])("marks a record of %i bytes as one last fragment", (bytes, mark) => {
  expect([...recordMark(bytes)]).toEqual(mark);
});

it("writes a mark in the middle of other bytes", () => {
  const target = new Uint8Array(6).fill(9);
  writeRecordMark(target, 1, 258);
  expect([...target]).toEqual([9, 0x80, 0, 1, 2, 9]);
});

it.each([-1, 0.5, 0x8000_0000, Number.NaN])("has no mark for a record of %d bytes", (bytes) => {
  expect(() => recordMark(bytes)).toThrow(RangeError);
});
