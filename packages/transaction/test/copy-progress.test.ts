import type { Epoch, LeaseId } from "@brickshift/wire";
import { expect, it } from "vitest";
import { CopyLedger } from "../src/copy-progress.js";
import { WHOLE_FILE } from "../src/extents.js";
import type { Grant } from "../src/index.js";

const remaining = [{ offset: 10, length: 5 }];

function ledger({ base = 3, touchedBytes = 100, extentsMax = 8 } = {}) {
  const from = { remaining, base: BigInt(base) as Epoch, touchedBytes, isFenced: true };
  return new CopyLedger(from, extentsMax);
}

const granted = (dirty: Grant["dirty"], sizeBytes?: number): Grant => ({
  leaseId: "a" as LeaseId,
  epoch: 7n as Epoch,
  dirty,
  ...(sizeBytes !== undefined && { sizeBytes }),
});

it("adds what is dirty to what was left, and goes on from the epoch of the grant", () => {
  const progress = ledger();
  progress.granted(granted([{ offset: 13, length: 7 }]));
  expect(progress.progress()).toEqual({
    remaining: [{ offset: 10, length: 10 }],
    base: 7n,
    touchedBytes: 100,
    isFenced: true,
  });
  expect(progress.remainingBytes).toBe(10);
});

it("takes what the destination has beyond the end of the file for dirty", () => {
  const progress = ledger();
  progress.granted(granted([], 90));
  expect(progress.remaining).toEqual([...remaining, { offset: 90, length: 10 }]);
});

it.each([100, 101, undefined])("has nothing beyond the end of a file of %s bytes", (sizeBytes) => {
  const progress = ledger();
  progress.granted(granted([], sizeBytes));
  expect(progress.remaining).toEqual(remaining);
});

it.each(["unknown", undefined] as const)("begins anew when what is dirty is %s", (dirty) => {
  const progress = ledger();
  progress.granted(granted(dirty, 90));
  expect(progress.progress()).toMatchObject({ remaining: WHOLE_FILE, base: 7n });
});

it("begins anew when it was never granted a lease, whatever is dirty", () => {
  const progress = new CopyLedger({ remaining, base: undefined, touchedBytes: 0, isFenced: false }, 8);
  progress.granted(granted([]));
  expect(progress.progress()).toMatchObject({ remaining: WHOLE_FILE, base: 7n });
});

it("fills gaps when there is no room for more extents", () => {
  const progress = ledger({ extentsMax: 1 });
  progress.granted(granted([{ offset: 30, length: 1 }]));
  expect(progress.remaining).toEqual([{ offset: 10, length: 21 }]);
});

it("keeps what a transaction left, and its base", () => {
  const progress = ledger();
  progress.committed([{ offset: 12, length: 3 }]);
  expect(progress.progress()).toMatchObject({ remaining: [{ offset: 12, length: 3 }], base: 3n });
});
