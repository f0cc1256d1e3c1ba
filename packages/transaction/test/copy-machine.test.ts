import { type Epoch, LeaseError, type LeaseId } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type CopyResult, NOTHING_COPIED } from "../src/index.js";
import { Hand, noAnswer, revoked } from "./harness.js";

function failure(result: CopyResult | undefined) {
  if (result?.ok !== false) throw new Error("the copy did not fail");
  return result;
}

function success(result: CopyResult | undefined) {
  if (result?.ok !== true) throw new Error("the copy did not end well");
  return result;
}

describe("one transaction", () => {
  it("reads with as many chunks in flight as the window allows, and unlocks when all are written", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 35 });
    hand.grant();
    expect(hand.effects.map(({ type }) => type)).toEqual(["read", "read"]);
    hand.serveReads(35);
    expect(hand.take("unlock")).toEqual([]);
    expect(hand.serveAll(35)).toEqual([20, 30]);
    hand.unlock();
    expect(hand.one("acquire").request).toEqual({ mode: "shared", dirtySince: 1n });
  });

  it("writes nothing before the destination knows the fence, though it reads already", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.one("acquire");
    hand.step({ type: "granted", grant: { leaseId: "a" as LeaseId, epoch: 5n as Epoch, dirty: undefined } });
    expect(hand.one("establish").fence).toBe(5n);
    hand.serveReads(20);
    expect(hand.take("write")).toEqual([]);
    expect(hand.step({ type: "established" })).toMatchObject([
      { type: "write", offset: 0, length: 10, fence: 5n },
      { type: "write", offset: 10, length: 10, fence: 5n },
    ]);
  });

  it("does not read past the hinted size before an answer told the size", () => {
    const hand = new Hand({ windowStart: 4 }, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    expect(hand.take("read").map(({ offset }) => offset)).toEqual([0]);
  });

  it("gives the lease back after so many windows, and goes on where it was", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 1, leaseWindowsMax: 3 });
    hand.grant();
    expect(hand.serveAll(100)).toEqual([0, 10, 20]);
    hand.unlock();
    expect(hand.one("acquire").request).toEqual({ mode: "shared" });
  });

  it("reads the rest of a chunk that was answered short", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    const { op } = hand.one("read");
    hand.step({ type: "read", op, shape: { type: "bytes", lengthBytes: 4, eof: false, sizeBytes: 10 } });
    expect(hand.one("write")).toMatchObject({ offset: 0, length: 4 });
    hand.step({ type: "written", op });
    expect(hand.one("read")).toMatchObject({ offset: 4, length: 6 });
  });

  it("skips what a large hole covers, and zeroes only what was written before", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 1 });
    hand.grant();
    hand.serveReads(100);
    hand.serveWrites();
    const { op } = hand.one("read");
    hand.step({ type: "read", op, shape: { type: "hole", lengthBytes: 70, eof: false, sizeBytes: 100 } });
    expect(hand.take("zero")).toEqual([]);
    expect(hand.one("read").offset).toBe(80);
  });

  it("refuses a source that answers nothing before the end of the file", () => {
    const hand = new Hand();
    hand.grant();
    hand.step({
      type: "read",
      op: hand.one("read").op,
      shape: { type: "bytes", lengthBytes: 0, eof: false },
    });
    hand.unlock();
    expect(failure(hand.result).error.code).toBe("TRANSACTION_SOURCE_FAILED");
  });

  it("refuses a source whose epoch does not grow", () => {
    const from = { ...NOTHING_COPIED, base: 7n as Epoch };
    const hand = new Hand({}, { mode: "shared", from });
    hand.grant();
    hand.unlock();
    expect(failure(hand.result).error.message).toMatch(/epoch 1 after 7/);
  });
});

describe("a recall", () => {
  it("stops reads, drains the writes in flight, and only then unlocks", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 100 });
    hand.grant();
    hand.step({ type: "recalled", recall: {} });
    expect(hand.serveReads(100)).toEqual([0, 10]);
    expect(hand.take("unlock")).toEqual([]);
    hand.serveWrites();
    hand.unlock();
    hand.grant();
    expect(hand.one("read").offset).toBe(20);
  });

  it("that overtakes the grant still leaves one chunk", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 100 });
    hand.step({ type: "recalled", recall: {} });
    hand.grant();
    expect(hand.serveAll(100)).toEqual([0]);
    hand.unlock();
    expect(hand.machine.progress.remaining).toEqual([{ offset: 10, length: 90 }]);
  });

  it("halves the window down to one chunk; quiet transactions widen it again", () => {
    const hand = new Hand(
      { windowStart: 4, windowMax: 4, leaseWindowsMax: 1 },
      { mode: "shared", sizeHintBytes: 1_000 },
    );
    const inFlight = () => hand.effects.filter(({ type }) => type === "read").length;
    const widths: number[] = [];
    for (const isRecalled of [true, true, true, false, false, false]) {
      hand.grant();
      widths.push(inFlight());
      if (isRecalled) hand.step({ type: "recalled", recall: {} });
      hand.serveAll(1_000);
      hand.unlock();
    }
    expect(widths).toEqual([4, 2, 1, 1, 2, 3]);
  });

  it("leaves one chunk of scattered pieces to be copied, of which eight or fewer make up a chunk", () => {
    const pieces = Array.from({ length: 20 }, (_, index) => ({ offset: index * 50, length: 4 }));
    const from = {
      ...NOTHING_COPIED,
      remaining: pieces,
      base: 0n as Epoch,
      touchedBytes: 1_000,
      isFenced: true,
    };
    const hand = new Hand(
      { chunkBytes: 80, chunkBytesMax: 80, windowStart: 1 },
      { mode: "shared", from, sizeHintBytes: 1_000 },
    );
    hand.step({ type: "recalled", recall: {} });
    hand.grant();
    expect(hand.effects.filter(({ type }) => type === "read")).toHaveLength(8);
    expect(hand.serveAll(1_000)).toHaveLength(8);
    hand.unlock();
    expect(hand.machine.progress.remaining).toEqual(pieces.slice(8));
  });

  it("that overtakes the grant leaves the least window, in the least chunks, however wide the window is", () => {
    const hand = new Hand(
      { chunkBytesMax: 40, windowStart: 32, windowMax: 32, windowMin: 2 },
      { mode: "shared", sizeHintBytes: 1_000 },
    );
    hand.step({ type: "recalled", recall: {} });
    hand.grant();
    expect(hand.serveAll(1_000)).toEqual([0, 10]);
  });

  it("of an exclusive lease is held against for a while, then yields with what was copied", () => {
    const hand = new Hand(
      { exclusiveHoldMs: 1_000, windowMax: 1, windowStart: 1 },
      { mode: "exclusive", sizeHintBytes: 100 },
    );
    hand.grant();
    hand.step({ type: "recalled", recall: { revokedInMs: 600 } });
    expect(hand.machine.deadlineMs).toBe(300);
    hand.serveReads(100);
    hand.nowMs = 300;
    hand.step({ type: "tick" });
    hand.serveWrites();
    hand.unlock();
    expect(hand.one("acquire").request).toEqual({ mode: "exclusive", dirtySince: 1n });
  });
});

describe("a failed transaction", () => {
  it.each([
    ["an unlock refused as revoked", revoked()],
    ["an unlock without answer", noAnswer()],
    ["an unlock that fails otherwise", new Error("connection reset")],
  ])("after %s begins again at the same offset", (_, error) => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    hand.serveAll(20);
    hand.one("unlock");
    hand.step({ type: "unlock-failed", error });
    hand.backOff();
    hand.grant();
    expect(hand.serveReads(20)).toEqual([0, 10]);
  });

  it("waits for every write that was sent before it asks for another lease", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    const [first, second] = hand.take("read");
    if (first === undefined || second === undefined) throw new Error("two reads expected");
    hand.step({
      type: "read",
      op: first.op,
      shape: { type: "bytes", lengthBytes: 10, eof: false, sizeBytes: 20 },
    });
    hand.step({ type: "read-failed", op: second.op, error: revoked() });
    expect(hand.take("draw-chance")).toEqual([]);
    hand.serveWrites();
    hand.backOff();
    // The lease was revoked: there is nothing to give back.
    expect(hand.take("unlock")).toEqual([]);
    expect(hand.one("acquire").request).toEqual({ mode: "shared" });
  });

  it("raises the fence before it writes again when a write's outcome is not known", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    hand.serveReads(10);
    hand.step({ type: "write-failed", op: hand.one("write").op, error: noAnswer() });
    hand.unlock();
    hand.backOff();
    hand.one("acquire");
    hand.step({ type: "granted", grant: { leaseId: "b" as LeaseId, epoch: 9n as Epoch, dirty: undefined } });
    expect(hand.one("establish").fence).toBe(9n);
    hand.serveReads(10);
    expect(hand.take("write")).toEqual([]);
  });

  it("gives back a lease that may still be held, and does not count its success", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    hand.step({ type: "read-failed", op: hand.one("read").op, error: noAnswer() });
    hand.unlock();
    hand.backOff();
    hand.grant();
    expect(hand.serveReads(10)).toEqual([0]);
  });

  it("follows from the news that the lease is lost, and from no other lease's", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    const { leaseId } = hand.grant();
    hand.step({ type: "lease-lost", leaseId: "another", reason: "disconnect" });
    expect(hand.take("cancel-reads")).toEqual([]);
    hand.step({ type: "lease-lost", leaseId, reason: "disconnect" });
    hand.one("cancel-reads");
    hand.serveReads(10);
    expect(hand.one("release").op).toBe(1);
    hand.one("draw-chance");
  });

  it("is repeated so often only; then the error names region, count and last cause", () => {
    const hand = new Hand({ replaysMax: 2 }, { mode: "shared", sizeHintBytes: 20 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      hand.grant();
      hand.serveAll(20);
      hand.one("unlock");
      hand.step({ type: "unlock-failed", error: revoked() });
      if (attempt < 2) hand.backOff();
    }
    const { error, report } = failure(hand.result);
    expect(error.code).toBe("TRANSACTION_REPLAYS_EXCEEDED");
    expect(error.message).toMatch(/bytes 0 to 20 failed 3 times in a row.*recall timeout/);
    expect(report.regions).toMatchObject([{ offset: 0, endOffset: 20, replays: 3 }]);
    expect(report).toMatchObject({
      replays: 3,
      transactions: 0,
      writtenBytes: 60,
      wastedBytes: 60,
      leases: 3,
    });
  });

  it("waits longer each time, by a share that chance decides, up to a limit", () => {
    const hand = new Hand({ backoffMs: 100, backoffMaxMs: 300, replaysMax: 10 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      hand.one("acquire");
      hand.step({ type: "acquire-failed", error: noAnswer() });
      hand.one("draw-chance");
      hand.step({ type: "chance", chance: 0.5 });
      waits.push((hand.machine.deadlineMs ?? 0) - hand.nowMs);
      hand.nowMs = hand.machine.deadlineMs ?? 0;
      hand.step({ type: "tick" });
    }
    expect(waits).toEqual([50, 100, 150, 150]);
  });

  it("counts replays in a row only: success wipes the row out", () => {
    const hand = new Hand({ replaysMax: 1, windowStart: 1, windowMax: 1, leaseWindowsMax: 1 });
    for (let round = 0; round < 3; round += 1) {
      hand.grant();
      hand.step({ type: "read-failed", op: hand.one("read").op, error: revoked() });
      hand.backOff();
      hand.grant();
      hand.serveAll(1_000);
      hand.unlock();
    }
    expect(hand.result).toBeUndefined();
  });
});

describe("the end of a copy", () => {
  it.each([
    ["TRANSACTION_FENCED", new LeaseError("LEASE_FENCED", "another runner")],
    ["TRANSACTION_DESTINATION_FAILED", new Error("no space left")],
  ])("is %s when a write is refused with %s, and the lease goes back", (code, error) => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    hand.serveReads(10);
    hand.step({ type: "write-failed", op: hand.one("write").op, error });
    expect(hand.result).toBeUndefined();
    hand.unlock();
    expect(failure(hand.result).error).toMatchObject({ code, cause: error });
  });

  it("hands the exclusive lease over without an unlock when nothing is left", () => {
    const hand = new Hand({}, { mode: "exclusive", sizeHintBytes: 15 });
    const grant = hand.grant();
    hand.serveAll(15);
    expect(hand.take("unlock")).toEqual([]);
    const { end, lease, progress } = success(hand.result);
    expect(end).toBe("complete");
    expect(lease).toEqual(grant);
    expect(progress.remaining).toEqual([]);
  });

  it("comes when little is left: the caller has the rest, and since when", () => {
    const hand = new Hand({ finalBytesMax: 5 }, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    hand.grant([{ offset: 3, length: 5 }]);
    expect(hand.take("read")).toEqual([]);
    hand.unlock();
    const { end, progress } = success(hand.result);
    expect(end).toBe("little-left");
    expect(progress).toMatchObject({ remaining: [{ offset: 3, length: 5 }], base: 2n });
  });

  it("comes after so many passes under shared leases, and is a refusal under exclusive ones", () => {
    const hand = new Hand({ passesMax: 2 }, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    hand.grant([{ offset: 0, length: 20 }]);
    hand.serveAll(20);
    hand.unlock();
    expect(success(hand.result)).toMatchObject({ end: "passes", report: { passes: 2, passBytes: [20, 20] } });

    const late = new Hand(
      { passesMax: 1, exclusiveHoldMs: 0, windowMax: 1, windowStart: 1 },
      { mode: "exclusive", sizeHintBytes: 100 },
    );
    late.grant();
    late.step({ type: "recalled", recall: {} });
    late.step({ type: "tick" });
    late.serveAll(100);
    late.unlock();
    late.grant([{ offset: 0, length: 9 }]);
    late.unlock();
    const { code, message } = failure(late.result).error;
    expect([code, message]).toEqual([
      "TRANSACTION_PASSES_EXCEEDED",
      "TRANSACTION_PASSES_EXCEEDED: 99 bytes are left after 1 passes",
    ]);
  });
});

describe("a later pass", () => {
  it("is not begun when the one before left hardly less to copy", () => {
    const hand = new Hand({ passesMax: 9 }, { mode: "shared", sizeHintBytes: 40 });
    hand.grant();
    hand.serveAll(40);
    hand.unlock();
    // The first pass was over the whole file: that says nothing.
    hand.grant([{ offset: 0, length: 40 }]);
    hand.serveAll(40);
    hand.unlock();
    hand.grant([{ offset: 0, length: 36 }]);
    hand.unlock();
    expect(success(hand.result)).toMatchObject({
      end: "passes",
      progress: { remaining: [{ offset: 0, length: 36 }] },
      report: { passes: 2 },
    });
  });

  it("asks since the first lease of the pass before, though later leases copied most of it", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 1, leaseWindowsMax: 1 });
    for (let lease = 0; lease < 3; lease += 1) {
      hand.grant();
      hand.serveAll(25);
      if (lease < 2) hand.unlock();
    }
    hand.unlock();
    expect(hand.one("acquire").request.dirtySince).toBe(1n);
  });

  it("copies the whole file again when the source does not know what is dirty", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    hand.grant("unknown");
    expect(hand.serveAll(20)).toEqual([0, 10]);
  });

  it("zeroes on the destination what the file lost by shrinking", () => {
    const hand = new Hand({ windowStart: 1, windowMax: 1 }, { mode: "shared", sizeHintBytes: 20 });
    hand.grant();
    hand.serveAll(20);
    hand.unlock();
    hand.grant([{ offset: 4, length: 16 }]);
    hand.serveReads(4);
    const first = hand.one("zero");
    hand.step({ type: "written", op: first.op });
    const second = hand.one("zero");
    expect([first.offset, first.length, second.offset, second.length]).toEqual([4, 10, 14, 6]);
  });
});

describe("a cancel", () => {
  it("while a lease is asked for gives back what is granted nonetheless", () => {
    const hand = new Hand();
    hand.step({ type: "cancel", reason: "stopped" });
    hand.one("cancel-acquire");
    hand.grant();
    hand.unlock();
    expect(failure(hand.result).error.code).toBe("TRANSACTION_CANCELLED");
  });

  it("while copying waits for what is in flight and gives the lease back", () => {
    const hand = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    hand.grant();
    hand.serveReads(10);
    hand.step({ type: "cancel", reason: "stopped" });
    expect(hand.take("unlock")).toEqual([]);
    hand.serveWrites();
    hand.unlock();
    expect(failure(hand.result).error.code).toBe("TRANSACTION_CANCELLED");
  });

  it("while waiting ends at once; while unlocking, after the answer", () => {
    const waiting = new Hand();
    waiting.one("acquire");
    waiting.step({ type: "acquire-failed", error: noAnswer() });
    waiting.step({ type: "cancel", reason: "stopped" });
    expect(failure(waiting.result).error.code).toBe("TRANSACTION_CANCELLED");

    const unlocking = new Hand({}, { mode: "shared", sizeHintBytes: 10 });
    unlocking.grant();
    unlocking.serveAll(10);
    unlocking.step({ type: "cancel", reason: "stopped" });
    unlocking.step({ type: "cancel", reason: "stopped twice" });
    expect(unlocking.result).toBeUndefined();
    unlocking.unlock();
    expect(failure(unlocking.result).progress.remaining).toEqual([]);
  });
});
