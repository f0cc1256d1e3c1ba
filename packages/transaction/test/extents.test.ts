import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipExtents, type Extent, extentsBytes, normalizeExtents } from "../src/extents.js";
import { ExtentCursor } from "../src/extent-cursor.js";

const extentLists = fc.array(fc.record({ offset: fc.nat(60), length: fc.nat(12) }), { maxLength: 20 });

function covered(extents: readonly Extent[]): Set<number> {
  const bytes = new Set<number>();
  for (const { offset, length } of extents) for (let i = 0; i < length; i += 1) bytes.add(offset + i);
  return bytes;
}

describe("normalizeExtents", () => {
  it("keeps every byte and adds none while there is room", () => {
    fc.assert(
      fc.property(extentLists, (extents) => {
        const normal = normalizeExtents(extents, 1_000);
        expect(covered(normal)).toEqual(covered(extents));
        expect(extentsBytes(normal)).toBe(covered(extents).size);
      }),
    );
  });

  it("loses no byte when it must fill gaps, and stays within its bound", () => {
    fc.assert(
      fc.property(extentLists, fc.integer({ min: 1, max: 4 }), (extents, max) => {
        const normal = normalizeExtents(extents, max);
        expect(normal.length).toBeLessThanOrEqual(max);
        for (const byte of covered(extents)) expect(covered(normal).has(byte)).toBe(true);
      }),
    );
  });

  it("fills the narrowest gaps first", () => {
    const extents = [0, 10, 13, 40].map((offset) => ({ offset, length: 2 }));
    expect(normalizeExtents(extents, 3)).toEqual([
      { offset: 0, length: 2 },
      { offset: 10, length: 5 },
      { offset: 40, length: 2 },
    ]);
  });
});

it("merges extents that overlap or touch, in whatever order they come, and drops empty ones", () => {
  const extents = [
    { offset: 20, length: 5 },
    { offset: 3, length: 0 },
    { offset: 5, length: 10 },
    { offset: 15, length: 2 },
    { offset: 6, length: 3 },
  ];
  expect(normalizeExtents(extents, 9)).toEqual([
    { offset: 5, length: 12 },
    { offset: 20, length: 5 },
  ]);
});

it("fills no gap that it need not fill", () => {
  const extents = [0, 3, 7, 20].map((offset) => ({ offset, length: 2 }));
  expect(normalizeExtents(extents, 4)).toEqual(extents);
  expect(normalizeExtents(extents, 3)).toEqual([
    { offset: 0, length: 5 },
    { offset: 7, length: 2 },
    { offset: 20, length: 2 },
  ]);
});

it("clips extents to what lies before an offset", () => {
  const extents = [
    { offset: 0, length: 4 },
    { offset: 8, length: 4 },
  ];
  expect(clipExtents(extents, 20)).toBe(extents);
  expect(clipExtents(extents, 9)).toEqual([
    { offset: 0, length: 4 },
    { offset: 8, length: 1 },
  ]);
  expect(clipExtents(extents, 8)).toEqual([{ offset: 0, length: 4 }]);
  expect(clipExtents(extents, 12)).toBe(extents);
  expect(clipExtents(extents, 11)).toEqual([
    { offset: 0, length: 4 },
    { offset: 8, length: 3 },
  ]);
  expect(clipExtents(extents, 2)).toEqual([{ offset: 0, length: 2 }]);
  expect(clipExtents([], 2)).toEqual([]);
});

describe("ExtentCursor", () => {
  it("hands out each byte once, in order, however it is asked", () => {
    fc.assert(
      fc.property(extentLists, fc.array(fc.integer({ min: 1, max: 9 })), (extents, steps) => {
        const normal = normalizeExtents(extents, 1_000);
        const cursor = new ExtentCursor(normal);
        const taken: Extent[] = [];
        for (const step of steps) {
          const extent = cursor.take(step);
          if (extent !== undefined) taken.push(extent);
        }
        expect(normalizeExtents([...taken, ...cursor.rest()], 1_000)).toEqual(normal);
        expect(extentsBytes([...taken, ...cursor.rest()])).toBe(extentsBytes(normal));
      }),
    );
  });

  it("says what it would hand out, and hands that out", () => {
    const cursor = new ExtentCursor([
      { offset: 5, length: 10 },
      { offset: 20, length: 3 },
    ]);
    const taken: unknown[] = [];
    for (const bytesMax of [4, 20, 2, 2, 9]) {
      taken.push([cursor.offset, cursor.nextBytes(bytesMax), cursor.take(bytesMax)]);
    }
    expect(taken).toEqual([
      [5, 4, { offset: 5, length: 4 }],
      [9, 6, { offset: 9, length: 6 }],
      [20, 2, { offset: 20, length: 2 }],
      [22, 1, { offset: 22, length: 1 }],
      [23, 0, undefined],
    ]);
    expect(cursor.isAtEnd).toBe(true);
  });

  it("has nothing to hand out when there is nothing", () => {
    const cursor = new ExtentCursor([]);
    expect([cursor.offset, cursor.isAtEnd, cursor.nextBytes(5), cursor.take(5), cursor.rest()]).toEqual([
      0,
      true,
      0,
      undefined,
      [],
    ]);
    cursor.clip(3);
    expect(cursor.isAtEnd).toBe(true);
  });

  it("goes on in what a clip leaves", () => {
    const cursor = new ExtentCursor([
      { offset: 0, length: 10 },
      { offset: 20, length: 10 },
    ]);
    cursor.take(6);
    cursor.clip(25);
    expect(cursor.rest()).toEqual([
      { offset: 6, length: 4 },
      { offset: 20, length: 5 },
    ]);
    cursor.clip(8);
    expect(cursor.take(9)).toEqual({ offset: 6, length: 2 });
    expect(cursor.take(9)).toBeUndefined();
  });

  it("is at its end when what was left has been clipped away", () => {
    const cursor = new ExtentCursor([
      { offset: 0, length: 10 },
      { offset: 20, length: 10 },
    ]);
    cursor.take(6);
    cursor.clip(6);
    expect(cursor.isAtEnd).toBe(true);
    expect(cursor.rest()).toEqual([]);
  });
});
