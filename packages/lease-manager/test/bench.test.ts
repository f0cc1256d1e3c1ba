import { expect, it } from "vitest";
import {
  conflicts,
  grantsAndUnlocks,
  heldLeasesMiB,
  scatteredMarks,
  unleasedFops,
} from "../bench/lease-load.js";

it.each([unleasedFops, grantsAndUnlocks, conflicts, scatteredMarks])(
  "runs its benchmark small: %o",
  (load) => {
    expect(load(2_000).operations).toBe(2_000);
  },
);

it("holds leases of many clients in its benchmark", () => {
  expect(heldLeasesMiB(2_000, 50)).toBeTypeOf("number");
});
