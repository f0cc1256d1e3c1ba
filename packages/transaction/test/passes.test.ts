import type { Epoch, LeaseId } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type CopyPlan, NOTHING_COPIED, type TransactionOptionsInput } from "../src/index.js";
import { Hand, noAnswer, revoked } from "./harness.js";

/** A copy whose first pass, over a file of 40 bytes, is over: what is left is about to be asked for. */
function afterFirstPass(options: TransactionOptionsInput = {}, plan: Partial<CopyPlan> = {}) {
  const hand = new Hand(options, { mode: "shared", sizeHintBytes: 40, ...plan });
  hand.grant();
  hand.serveAll(40);
  hand.unlock();
  return hand;
}

const piece = (offset: number, length = 1) => ({ offset, length });

describe("passes under shared leases end", () => {
  it.each([{ left: [piece(0, 8)] }, { left: [piece(0), piece(5), piece(10)] }])(
    "with $left left, as little as may be",
    ({ left }) => {
      const hand = afterFirstPass({ finalBytesMax: 8, finalExtentsMax: 3 });
      hand.grant(left);
      expect(hand.take("read")).toEqual([]);
      hand.unlock();
      expect(hand.result).toMatchObject({ ok: true, end: "little-left", progress: { remaining: left } });
    },
  );

  it.each([{ left: [piece(0, 9)] }, { left: [piece(0), piece(5), piece(10), piece(15)] }])(
    "not with $left left",
    ({ left }) => {
      const hand = afterFirstPass({ finalBytesMax: 8, finalExtentsMax: 3 });
      hand.grant(left);
      expect(hand.take("unlock")).toEqual([]);
      expect(hand.take("read").length).toBeGreaterThan(0);
    },
  );

  it("also when the answer to the last unlock is lost: nothing was copied under that lease", () => {
    const hand = afterFirstPass();
    hand.grant([]);
    hand.one("unlock");
    hand.step({ type: "unlock-failed", error: noAnswer() });
    expect(hand.result).toMatchObject({ ok: true, end: "little-left", report: { replays: 0 } });
  });

  it("in the middle of none: a pass of several leases is gone on with, however little is left of it", () => {
    const options = { finalBytesMax: 30, windowStart: 1, windowMax: 1, leaseWindowsMax: 1 };
    const hand = new Hand(options, { mode: "shared", sizeHintBytes: 40 });
    for (const offset of [0, 10, 20, 30]) {
      expect(hand.one("acquire").request).toEqual({ mode: "shared" });
      hand.effects.push({ type: "acquire", request: { mode: "shared" } });
      hand.grant();
      expect(hand.serveAll(40)).toEqual([offset]);
      hand.unlock();
    }
    expect(hand.one("acquire").request).toEqual({ mode: "shared", dirtySince: 1n });
  });

  it("never when one leaves a tenth less than there was", () => {
    const hand = afterFirstPass({ passesMax: 9 });
    hand.grant([piece(0, 40)]);
    hand.serveAll(40);
    hand.unlock();
    hand.grant([piece(0, 35)]);
    expect(hand.take("unlock")).toEqual([]);
    hand.serveAll(40);
    hand.unlock();
    hand.grant([piece(0, 31)]);
    expect(hand.take("unlock")).toEqual([]);
    hand.serveAll(40);
    hand.unlock();
    hand.grant([piece(0, 29)]);
    hand.unlock();
    expect(hand.result).toMatchObject({ end: "passes", report: { passBytes: [40, 40, 35, 31] } });
    expect(hand.result).not.toHaveProperty("lease");
  });

  it("with the last that there may be, not before all of it is copied", () => {
    const hand = new Hand(
      { passesMax: 1, windowStart: 1, windowMax: 1, leaseWindowsMax: 1 },
      { mode: "shared", sizeHintBytes: 20 },
    );
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    expect(hand.result).toBeUndefined();
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    expect(hand.result).toMatchObject({ ok: true, end: "passes", report: { passes: 1 } });
  });

  it("with an error when a failed transaction takes more leases than there may be passes to begin", () => {
    const from = { ...NOTHING_COPIED, remaining: [], base: 0n as Epoch, touchedBytes: 40 };
    const hand = new Hand({ passesMax: 1 }, { mode: "shared", from });
    hand.grant([piece(0, 40)]);
    hand.serveAll(40);
    hand.unlock();
    expect(hand.result).toMatchObject({ ok: true, end: "passes" });
  });
});

describe("under an exclusive lease", () => {
  it("everything is read at once, in small chunks, and nothing is asked about what is dirty the first time", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 4 }, { mode: "exclusive", sizeHintBytes: 200 });
    expect(hand.one("acquire").request).toStrictEqual({ mode: "exclusive" });
    hand.effects.push({ type: "acquire", request: { mode: "exclusive" } });
    hand.grant();
    expect(hand.effects.filter(({ type }) => type === "read")).toHaveLength(4);
    hand.serveAll(200);
    expect(hand.result).toMatchObject({
      end: "complete",
      report: { transactions: 1, leases: 1, writtenBytes: 200, wastedBytes: 0 },
    });
    expect(hand.step({ type: "cancel", reason: "too late" })).toEqual([]);
    expect(hand.step({ type: "recalled", recall: {} })).toEqual([]);
    expect(hand.step({ type: "tick" })).toEqual([]);
  });

  it("the copy asks with each lease what is dirty, and copies that and what is left", () => {
    const from = { ...NOTHING_COPIED, remaining: [piece(30, 10)], base: 0n as Epoch, touchedBytes: 40 };
    const hand = new Hand({}, { mode: "exclusive", from, sizeHintBytes: 40 });
    expect(hand.effects).toEqual([{ type: "acquire", request: { mode: "exclusive", dirtySince: 0n } }]);
    hand.grant([piece(5, 2)]);
    expect(hand.serveAll(40)).toEqual([5, 30]);
    expect(hand.result).toMatchObject({ ok: true, end: "complete", lease: { leaseId: "lease-1" } });
  });

  it("little that is left is copied too", () => {
    const from = { ...NOTHING_COPIED, remaining: [], base: 0n as Epoch, touchedBytes: 40 };
    const hand = new Hand({ finalBytesMax: 40 }, { mode: "exclusive", from, sizeHintBytes: 40 });
    hand.grant([piece(5, 2)]);
    expect(hand.serveAll(40)).toEqual([5]);
    expect(hand.result).toMatchObject({ ok: true, end: "complete" });
  });

  it.each([
    { revokedInMs: undefined, holdMs: 1_000 },
    { revokedInMs: 10_000, holdMs: 1_000 },
    { revokedInMs: 600, holdMs: 300 },
  ])("a recall that revokes in $revokedInMs ms is held against for $holdMs", ({ revokedInMs, holdMs }) => {
    const hand = new Hand(
      { exclusiveHoldMs: 1_000, windowMax: 1, windowStart: 1 },
      { mode: "exclusive", sizeHintBytes: 100 },
    );
    hand.grant();
    hand.nowMs = 50;
    const recall = revokedInMs === undefined ? {} : { revokedInMs };
    expect(hand.step({ type: "recalled", recall })).toEqual([]);
    expect(hand.machine.deadlineMs).toBe(50 + holdMs);
    hand.nowMs = 60;
    // The same news a second time puts nothing off.
    hand.step({ type: "recalled", recall: {} });
    expect(hand.machine.deadlineMs).toBe(50 + holdMs);
    hand.serveReads(100);
    hand.serveWrites();
    expect(hand.take("read")).toHaveLength(1);
    hand.nowMs = 50 + holdMs;
    hand.step({ type: "tick" });
    expect(hand.machine.deadlineMs).toBeUndefined();
  });

  it("a recall that came before the grant is held against as well", () => {
    const hand = new Hand({ exclusiveHoldMs: 70 }, { mode: "exclusive", sizeHintBytes: 100 });
    hand.step({ type: "recalled", recall: { revokedInMs: 2 } });
    hand.nowMs = 5;
    hand.grant();
    expect(hand.machine.deadlineMs).toBe(75);
  });
});

describe("a recall", () => {
  it("counts once, and narrows the window once, however often it is told", () => {
    const hand = new Hand({ windowStart: 4 }, { mode: "shared", sizeHintBytes: 100 });
    hand.grant();
    expect(hand.step({ type: "recalled", recall: {} })).toEqual([]);
    expect(hand.step({ type: "recalled", recall: {} })).toEqual([]);
    hand.serveAll(100);
    hand.unlock();
    hand.grant();
    expect(hand.take("read")).toHaveLength(2);
    hand.step({ type: "cancel", reason: "stopped" });
    expect(hand.machine.step({ type: "recalled", recall: {} }, 0)).toEqual([]);
  });

  it("of a lease that goes back already changes nothing", () => {
    const hand = new Hand({ windowStart: 2, leaseWindowsMax: 1 }, { mode: "shared", sizeHintBytes: 100 });
    hand.grant();
    hand.serveAll(100);
    hand.one("unlock");
    expect(hand.step({ type: "recalled", recall: {} })).toEqual([]);
    hand.step({ type: "unlocked" });
    hand.grant();
    // Nobody was seen to wait: twice as wide as before.
    expect(hand.take("read")).toHaveLength(4);
  });

  it("that was told of one lease says nothing of the next", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 1 }, { mode: "shared", sizeHintBytes: 100 });
    hand.step({ type: "recalled", recall: {} });
    hand.grant();
    hand.serveAll(100);
    hand.unlock();
    hand.grant();
    expect(hand.serveAll(100).length).toBeGreaterThan(1);
  });
});

it("goes on from where an earlier copy ended, without a fence that is known already", () => {
  const from = {
    remaining: [piece(20, 20)],
    base: 3n as Epoch,
    touchedBytes: 20,
    isFenced: true,
  };
  const hand = new Hand({}, { mode: "shared", from, sizeHintBytes: 40 });
  expect(hand.one("acquire").request).toEqual({ mode: "shared" });
  const grant = { leaseId: "a" as LeaseId, epoch: 9n as Epoch, dirty: undefined };
  hand.step({ type: "granted", grant });
  expect(hand.take("establish")).toEqual([]);
  expect(hand.serveAll(40)).toEqual([20, 30]);
  hand.unlock();
  expect(hand.machine.progress).toMatchObject({ base: 3n, touchedBytes: 40 });
});

it("refuses a source that grants an epoch twice", () => {
  const hand = new Hand({ windowStart: 1, windowMax: 1, leaseWindowsMax: 1 });
  const { epoch } = hand.grant();
  hand.serveAll(40);
  hand.unlock();
  hand.one("acquire");
  hand.step({ type: "granted", grant: { leaseId: "other" as LeaseId, epoch, dirty: undefined } });
  hand.unlock();
  expect(hand.result).toMatchObject({
    ok: false,
    error: { message: "TRANSACTION_SOURCE_FAILED: granted epoch 1 after 1" },
    progress: { remaining: [piece(10, 30)] },
  });
});

it("keeps the size that it was told roughly while no answer tells it", () => {
  const hand = new Hand(
    { windowStart: 2, leaseWindowsMax: 1, finalBytesMax: 0 },
    { mode: "shared", sizeHintBytes: 20 },
  );
  hand.grant();
  for (const { op } of hand.take("read")) {
    hand.step({ type: "read", op, shape: { type: "bytes", lengthBytes: 10, eof: false } });
  }
  hand.serveWrites();
  hand.unlock();
  hand.grant();
  // Beyond it one at a time.
  expect(hand.take("read")).toHaveLength(1);
  hand.step({ type: "cancel", reason: "stopped" });
  expect(hand.result?.report.passBytes ?? [Number.MAX_SAFE_INTEGER]).toEqual([Number.MAX_SAFE_INTEGER]);
});

it("does not believe what a lease with an epoch that was seen says is dirty", () => {
  const from = { ...NOTHING_COPIED, remaining: [], base: 1n as Epoch, touchedBytes: 40 };
  const hand = new Hand({}, { mode: "shared", from });
  hand.grant([]);
  hand.unlock();
  expect(hand.result).toMatchObject({ ok: false, progress: { base: 1n, remaining: [] } });
});

it("adds up what a copy did", () => {
  const hand = new Hand(
    { backoffMs: 100, windowStart: 2, windowMax: 4 },
    { mode: "shared", sizeHintBytes: 40 },
  );
  hand.nowMs = 10;
  hand.grant();
  hand.nowMs = 25;
  const [first, second] = hand.take("read");
  const shape = { type: "bytes", lengthBytes: 10, eof: false, sizeBytes: 40 } as const;
  hand.step({ type: "read", op: first?.op ?? 0, shape });
  hand.serveWrites();
  hand.take("read");
  hand.step({ type: "read-failed", op: second?.op ?? 0, error: revoked() });
  hand.step({ type: "read-failed", op: 3, error: revoked() });
  hand.one("draw-chance");
  hand.step({ type: "chance", chance: 0.2 });
  hand.nowMs = 45;
  hand.step({ type: "tick" });
  hand.nowMs = 50;
  hand.grant();
  hand.step({ type: "recalled", recall: {} });
  hand.serveAll(40);
  hand.nowMs = 57;
  hand.unlock();
  hand.nowMs = 60;
  hand.grant();
  const { op } = hand.one("read");
  hand.step({ type: "read", op, shape: { type: "hole", lengthBytes: 20, eof: true, sizeBytes: 40 } });
  hand.nowMs = 61;
  hand.unlock();
  hand.grant([]);
  hand.nowMs = 70;
  hand.unlock();
  expect(hand.result).toMatchObject({
    ok: true,
    end: "little-left",
    progress: { remaining: [], base: 4n, touchedBytes: 20, isFenced: true },
  });
  expect(hand.result?.report).toEqual({
    writtenBytes: 30,
    zeroedBytes: 0,
    holeBytes: 20,
    wastedBytes: 10,
    chunks: 4,
    leases: 4,
    recalls: 1,
    transactions: 2,
    replays: 1,
    regions: [{ offset: 0, endOffset: 30, replays: 1, lastCause: expect.stringMatching("recall timeout") }],
    passes: 1,
    passBytes: [40],
    windowBytes: 20,
    durationMs: 70,
    leaseMs: 23,
    longestLeaseMs: 15,
  });
});
