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
