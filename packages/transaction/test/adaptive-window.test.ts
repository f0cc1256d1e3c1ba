import { expect, it } from "vitest";
import { AdaptiveWindow } from "../src/adaptive-window.js";
import { transactionOptions, type TransactionOptionsInput } from "../src/options.js";

const windowOf = (options: TransactionOptionsInput = {}, chunkBytesMax?: number) =>
  new AdaptiveWindow(
    transactionOptions.parse({
      chunkBytes: 100,
      chunkBytesMax: 400,
      windowStart: 2,
      windowMax: 64,
      leaseWindowsMax: 3,
      ...options,
    }),
    chunkBytesMax,
  );

function after(window: AdaptiveWindow, ...happened: readonly ("quiet" | "recalled")[]) {
  for (const what of happened) window[what]();
  return window;
}

it("doubles with each quiet transaction until it is as wide as it may be", () => {
  const window = windowOf();
  const widths = [2, 4, 8, 16, 32, 64, 64].map(() => {
    const width = window.bytes / 100;
    window.quiet();
    return width;
  });
  expect(widths).toEqual([2, 4, 8, 16, 32, 64, 64]);
});

it("halves with a recall, never below the least, and grows by one from then on", () => {
  const window = after(windowOf({ windowMin: 2 }), "quiet", "quiet", "quiet", "recalled");
  expect(window.bytes).toBe(800);
  expect(after(window, "quiet").bytes).toBe(900);
  expect(after(window, "recalled", "recalled", "recalled", "recalled").bytes).toBe(200);
});

it.each([
  { units: 1, shape: { chunkBytes: 100, inFlightMax: 1, leaseChunksMax: 2 } },
  { units: 4, shape: { chunkBytes: 100, inFlightMax: 4, leaseChunksMax: 8 } },
  { units: 8, shape: { chunkBytes: 200, inFlightMax: 4, leaseChunksMax: 8 } },
  { units: 15, shape: { chunkBytes: 300, inFlightMax: 5, leaseChunksMax: 10 } },
  { units: 64, shape: { chunkBytes: 400, inFlightMax: 16, leaseChunksMax: 48 } },
])("fills $units units with four chunks or more, none larger than allowed", ({ units, shape }) => {
  expect(windowOf({ windowStart: units }).shape).toMatchObject(shape);
});

it("keeps a lease for two windows while it widens, and for as many as it may once it is wide, or was recalled", () => {
  const window = windowOf({ windowMax: 8 });
  expect(window.shape).toMatchObject({ inFlightMax: 2, leaseChunksMax: 4 });
  expect(after(window, "quiet", "quiet").shape).toMatchObject({ inFlightMax: 4, leaseChunksMax: 12 });
  expect(after(window, "recalled").shape).toMatchObject({ inFlightMax: 4, leaseChunksMax: 12 });
  expect(windowOf({ leaseWindowsMax: 1 }).shape.leaseChunksMax).toBe(2);
});

it.each([
  { bound: 250, chunkBytes: 200, inFlightMax: 32 },
  { bound: 1, chunkBytes: 100, inFlightMax: 64 },
  { bound: 10_000, chunkBytes: 400, inFlightMax: 16 },
])("has chunks within the bound of its copy, too: $bound", ({ bound, ...shape }) => {
  expect(windowOf({ windowStart: 64 }, bound).shape).toMatchObject(shape);
});

it("keeps its chunks when none may be larger", () => {
  expect(windowOf({ chunkBytesMax: 199, windowStart: 64 }).shape).toMatchObject({
    chunkBytes: 100,
    inFlightMax: 64,
  });
});

it("counts a scattered piece as an eighth of the least chunk, whatever the chunks are", () => {
  expect(windowOf({ windowStart: 64 }).shape.pieceBytesMin).toBe(13);
  expect(windowOf().urgentShape).toMatchObject({ chunkBytes: 100, inFlightMax: 64, pieceBytesMin: 13 });
});
