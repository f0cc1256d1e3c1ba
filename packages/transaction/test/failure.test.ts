import { LeaseError, TransactionError, WireError } from "@brickshift/wire";
import { expect, it } from "vitest";
import { classify } from "../src/failure.js";
import { ReplayLedger } from "../src/replay-ledger.js";

it.each([
  [new LeaseError("LEASE_REVOKED", ""), "revoked"],
  [new LeaseError("LEASE_NOT_HELD", ""), "revoked"],
  [new LeaseError("LEASE_FENCED", ""), "fenced"],
  [new LeaseError("LEASE_HELD", ""), "refused"],
  [new LeaseError("LEASE_LIMIT", ""), "refused"],
  [new LeaseError("LEASE_BACKLOG_FULL", ""), "refused"],
  [new LeaseError("LEASE_WOULD_BLOCK", ""), "refused"],
  [new TransactionError("TRANSACTION_FENCED", ""), "fenced"],
  [new TransactionError("TRANSACTION_OUTCOME_UNKNOWN", ""), "unknown"],
  [new WireError("WIRE_VALUE", ""), "fatal"],
  [new Error("ENOSPC"), "fatal"],
  ["text", "fatal"],
  [undefined, "fatal"],
])("takes %s for %s", (error, kind) => {
  expect(classify(error)).toBe(kind);
});

it("keeps so many regions apart only, and counts them all", () => {
  const ledger = new ReplayLedger(2);
  for (const offset of [0, 10, 20, 0]) ledger.failed(offset, offset + 5, `at ${offset}`);
  expect(ledger.total).toBe(4);
  expect(ledger.regions).toEqual([
    { offset: 0, endOffset: 5, replays: 2, lastCause: "at 0" },
    { offset: 10, endOffset: 15, replays: 1, lastCause: "at 10" },
  ]);
  ledger.advanced();
  expect([ledger.inRow, ledger.total]).toEqual([0, 4]);
});
