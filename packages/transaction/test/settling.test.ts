import { type Epoch, LeaseError, type LeaseId } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { CopyEvent, Grant } from "../src/index.js";
import { Hand, noAnswer, revoked } from "./harness.js";

const noSpace = () => new Error("no space left");

/** Two chunks are under way: the first is being written, the second read. */
function underWay(sizeHintBytes = 20) {
  const hand = new Hand({}, { mode: "shared", sizeHintBytes });
  const grant = hand.grant();
  const [first, second] = hand.take("read");
  if (first === undefined || second === undefined) throw new Error("two reads expected");
  const shape = { type: "bytes", lengthBytes: 10, eof: false, sizeBytes: 20 } as const;
  hand.step({ type: "read", op: first.op, shape });
  hand.take("write");
  return { hand, grant, shape, writing: first.op, reading: second.op };
}

function endOf(hand: Hand) {
  const { result } = hand;
  if (result?.ok !== false) throw new Error("the copy did not fail");
  return result.error;
}

describe("two failures of one transaction", () => {
  it("end the copy when the second is final, and the first is not", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "read-failed", op: reading, error: noAnswer() });
    hand.step({ type: "write-failed", op: writing, error: noSpace() });
    hand.unlock();
    expect(endOf(hand).code).toBe("TRANSACTION_DESTINATION_FAILED");
  });

  it("end the copy by the first that is final", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "write-failed", op: writing, error: new LeaseError("LEASE_FENCED", "another runner") });
    hand.step({ type: "read-failed", op: reading, error: new Error("input/output error") });
    hand.unlock();
    expect(endOf(hand).code).toBe("TRANSACTION_FENCED");
  });

  it.each(["first", "second"])("give no lease back that the %s tells to be gone", (which) => {
    const { hand, writing, reading } = underWay();
    const events: CopyEvent[] = [
      { type: "read-failed", op: reading, error: revoked() },
      { type: "write-failed", op: writing, error: noAnswer() },
    ];
    for (const event of which === "first" ? events : events.toReversed()) hand.step(event);
    expect(hand.take("unlock")).toEqual([]);
    hand.one("draw-chance");
  });

  it("give the lease back when neither tells that it is gone, and are reported by the first", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "read-failed", op: reading, error: noAnswer() });
    hand.step({ type: "write-failed", op: writing, error: new LeaseError("LEASE_LIMIT", "not now") });
    hand.unlock();
    hand.backOff();
    hand.step({ type: "cancel", reason: "stopped" });
    hand.step({ type: "acquire-failed", error: noAnswer() });
    expect(hand.result?.report.regions).toMatchObject([
      { replays: 1, lastCause: expect.stringMatching("no answer") },
    ]);
  });
});

describe("the answer to the last unlock", () => {
  it("does not matter: what was final stays final", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "write-failed", op: writing, error: noSpace() });
    hand.step({ type: "read-failed", op: reading, error: noAnswer() });
    hand.one("unlock");
    hand.step({ type: "unlock-failed", error: revoked() });
    expect(endOf(hand).code).toBe("TRANSACTION_DESTINATION_FAILED");
    expect(hand.step({ type: "cancel", reason: "too late" })).toEqual([]);
    expect(hand.step({ type: "tick" })).toEqual([]);
  });

  it("is waited for when the destination says that a lease is revoked: that is another one", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "write-failed", op: writing, error: revoked() });
    hand.step({ type: "read-failed", op: reading, error: noAnswer() });
    hand.unlock();
    hand.one("draw-chance");
  });
});

it("tells where the transactions began that failed, and what the last one failed with", () => {
  const hand = new Hand(
    { windowStart: 1, windowMax: 1, leaseWindowsMax: 2, replaysMax: 0 },
    { mode: "shared", sizeHintBytes: 100 },
  );
  hand.grant();
  hand.serveAll(100);
  hand.unlock();
  hand.grant();
  const { op } = hand.one("read");
  const error = revoked();
  hand.step({ type: "read-failed", op, error });
  expect(hand.result?.report.regions).toMatchObject([{ offset: 20, endOffset: 30, replays: 1 }]);
  expect(endOf(hand)).toMatchObject({
    cause: error,
    message: expect.stringMatching(/bytes 20 to 30 failed 1 times in a row, last: .*recall timeout/),
  });
});

it("gives an answer back that brought nothing", () => {
  const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
  const lease = hand.grant();
  const { op } = hand.one("read");
  const effects = hand.step({ type: "read", op, shape: { type: "bytes", lengthBytes: 0, eof: false } });
  expect(effects).toEqual([{ type: "release", op }, { type: "cancel-reads" }, { type: "unlock", lease }]);
  hand.unlock();
  expect(endOf(hand).message).toMatch("a read brought nothing, and no end of file");
});

describe("while a failed transaction settles", () => {
  it("a read's answer is given back, and nothing is written", () => {
    const { hand, shape, writing, reading } = underWay();
    hand.step({ type: "write-failed", op: writing, error: noAnswer() });
    expect(hand.take("unlock")).toEqual([]);
    expect(hand.step({ type: "read", op: reading, shape })).toMatchObject([
      { type: "release", op: reading },
      { type: "unlock" },
    ]);
  });

  it("what waited for the fence is dropped, and so is what would have followed a write", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.one("acquire");
    const grant: Grant = { leaseId: "a" as LeaseId, epoch: 5n as Epoch, dirty: undefined };
    hand.step({ type: "granted", grant });
    hand.serveReads(20);
    expect(hand.take("write")).toEqual([]);
    const effects = hand.step({ type: "establish-failed", error: noAnswer() });
    expect(effects).toEqual([
      { type: "cancel-reads" },
      { type: "release", op: 1 },
      { type: "release", op: 2 },
      { type: "unlock", lease: grant },
    ]);
  });

  it("the answer about the fence is waited for, and counts", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.one("acquire");
    hand.step({ type: "granted", grant: { leaseId: "a" as LeaseId, epoch: 5n as Epoch, dirty: undefined } });
    const [first, second] = hand.take("read");
    for (const read of [first, second]) {
      hand.step({ type: "read-failed", op: read?.op ?? 0, error: noAnswer() });
    }
    expect(hand.take("unlock")).toEqual([]);
    hand.step({ type: "established" });
    hand.unlock();
    expect(hand.machine.progress.isFenced).toBe(true);
  });

  it("a chunk that was written in part is not gone on with", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    const [first, second] = hand.take("read");
    const shape = { type: "bytes", lengthBytes: 4, eof: false, sizeBytes: 20 } as const;
    hand.step({ type: "read", op: first?.op ?? 0, shape });
    hand.step({ type: "read-failed", op: second?.op ?? 0, error: revoked() });
    const { op } = hand.one("write");
    expect(hand.step({ type: "written", op })).toEqual([{ type: "draw-chance" }]);
  });

  it("a fence that was refused is not taken for one that is known", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.one("acquire");
    hand.step({ type: "granted", grant: { leaseId: "a" as LeaseId, epoch: 5n as Epoch, dirty: undefined } });
    hand.one("establish");
    hand.step({ type: "establish-failed", error: noAnswer() });
    hand.serveReads(10);
    hand.unlock();
    hand.backOff();
    hand.one("acquire");
    hand.step({ type: "granted", grant: { leaseId: "b" as LeaseId, epoch: 6n as Epoch, dirty: undefined } });
    expect(hand.one("establish").fence).toBe(6n);
  });
});

describe("a write that the destination refused as fenced", () => {
  it("leaves nothing under way: the claim that the destination is fenced stays", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "write-failed", op: writing, error: new LeaseError("LEASE_FENCED", "another runner") });
    hand.step({ type: "read-failed", op: reading, error: revoked() });
    expect(hand.machine.progress.isFenced).toBe(true);
  });
});

describe("a cancel", () => {
  it("while the failed transaction settles or gives its lease back ends the copy after that", () => {
    const { hand, writing, reading } = underWay();
    hand.step({ type: "read-failed", op: reading, error: noAnswer() });
    expect(hand.step({ type: "cancel", reason: "stopped" })).toEqual([]);
    hand.step({ type: "written", op: writing });
    hand.unlock();
    expect(endOf(hand).message).toBe("TRANSACTION_CANCELLED: stopped");

    const later = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    later.grant();
    later.step({ type: "read-failed", op: later.one("read").op, error: noAnswer() });
    later.one("unlock");
    expect(later.step({ type: "cancel", reason: "stopped" })).toEqual([]);
    later.step({ type: "unlock-failed", error: noAnswer() });
    expect(endOf(later).code).toBe("TRANSACTION_CANCELLED");
  });

  it.each(["unlocked", "unlock-failed"] as const)(
    "while the last lease is given back is a cancel all the same, %s",
    (type) => {
      const hand = new Hand({ finalBytesMax: 5 }, { mode: "shared", sizeHintBytes: 20 });
      hand.grant();
      hand.serveAll(20);
      hand.unlock();
      hand.grant([]);
      hand.one("unlock");
      expect(hand.step({ type: "cancel", reason: "stopped" })).toEqual([]);
      hand.step(type === "unlocked" ? { type } : { type, error: noAnswer() });
      expect(endOf(hand).code).toBe("TRANSACTION_CANCELLED");
    },
  );

  it("after the end is nothing, nor is chance that comes late", () => {
    const hand = new Hand();
    hand.one("acquire");
    hand.step({ type: "acquire-failed", error: noAnswer() });
    hand.step({ type: "cancel", reason: "stopped" });
    expect(hand.step({ type: "cancel", reason: "again" })).toEqual([]);
    expect(hand.step({ type: "chance", chance: 0.5 })).toEqual([]);
    expect(hand.machine.deadlineMs).toBeUndefined();
    expect(hand.step({ type: "tick" })).toEqual([]);
  });

  it("while a lease is asked for ends the copy when none is granted", () => {
    const hand = new Hand();
    hand.step({ type: "cancel", reason: "stopped" });
    hand.one("cancel-acquire");
    hand.step({ type: "acquire-failed", error: new Error("called off") });
    expect(endOf(hand).code).toBe("TRANSACTION_CANCELLED");
  });
});

describe("a lease that is lost", () => {
  it("while it is given back is told by the answer to the unlock, and before it is granted by nobody", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    expect(hand.step({ type: "lease-lost", leaseId: "lease-1", reason: "disconnect" })).toEqual([]);
    const { leaseId } = hand.grant();
    hand.serveAll(10);
    hand.one("unlock");
    expect(hand.step({ type: "lease-lost", leaseId, reason: "disconnect" })).toEqual([]);
    hand.step({ type: "unlocked" });
    expect(hand.machine.progress.remaining).toEqual([]);
  });

  it("is not given back", () => {
    const { hand, grant, reading, writing } = underWay();
    const { leaseId } = grant;
    expect(hand.step({ type: "lease-lost", leaseId, reason: "disconnect" })).toEqual([
      { type: "cancel-reads" },
    ]);
    hand.step({ type: "read-failed", op: reading, error: new Error("called off") });
    hand.step({ type: "written", op: writing });
    expect(hand.take("unlock")).toEqual([]);
  });
});

describe("a timer", () => {
  it("that fires early, or when nothing is due, does nothing", () => {
    const hand = new Hand({ backoffMs: 100 });
    expect(hand.step({ type: "tick" })).toEqual([]);
    hand.one("acquire");
    hand.step({ type: "acquire-failed", error: noAnswer() });
    expect(hand.step({ type: "chance", chance: 0.5 })).toEqual([]);
    hand.nowMs = 49;
    expect(hand.step({ type: "tick" })).toEqual([]);
    hand.nowMs = 50;
    expect(hand.step({ type: "tick" })).toMatchObject([{ type: "acquire" }]);
  });
});

it("breaks loudly when an event answers nothing that was asked", () => {
  const hand = new Hand();
  expect(() => hand.step({ type: "start" })).toThrow("a copy starts once");
  expect(() => hand.step({ type: "unlocked" })).toThrow("an unlock is answered once");
  expect(() => hand.step({ type: "written", op: 1 })).toThrow("an answer belongs to a transaction");
  const grant = hand.grant();
  expect(() => hand.step({ type: "granted", grant })).toThrow("a grant answers an acquire");
  expect(() => hand.step({ type: "written", op: 1 })).toThrow("an answer belongs to an op that is writing");
  expect(() => hand.step({ type: "read-failed", op: 9, error: noAnswer() })).toThrow("an op fails once");
  const idle = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
  idle.grant();
  idle.serveAll(10);
  expect(() => idle.step({ type: "established" })).toThrow("only a failed transaction settles");
});
