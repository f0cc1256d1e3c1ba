import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { type Epoch, LeaseError, type LeaseId } from "@brickshift/wire";
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { createCopier, NOTHING_COPIED, type TransactionOptionsInput } from "../src/index.js";
import { noAnswer } from "./harness.js";
import { type Call, MemoryFile } from "./memory-file.js";

function setup(bytes: number, options: TransactionOptionsInput = {}) {
  const scheduler = new ManualScheduler();
  const source = new MemoryFile(seededRandom(1).bytes(bytes));
  const destination = new MemoryFile(new Uint8Array(0));
  const copier = createCopier({ chunkBytes: 10, ...options }, { scheduler, random: seededRandom(2) });
  return { scheduler, source, destination, copier };
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

describe("a copier", () => {
  it("copies a file and gives every buffer back once", async () => {
    const { source, destination, copier } = setup(1_234);
    const result = await copier.copy({ source, destination }, { mode: "shared", sizeHintBytes: 1_000 });
    expect(result).toMatchObject({
      ok: true,
      end: "little-left",
      report: { writtenBytes: 1_234, replays: 0 },
    });
    expect(destination.bytes).toEqual(source.bytes);
    expect(source.released).toBe(source.answered);
    expect(source.recall).toBeUndefined();
  });

  it.each([true, false])("gives buffers back as it goes, holes or not: %s", async (isSparse) => {
    const { source, destination, copier } = setup(2_000, { windowMax: 4 });
    source.isSparse = isSparse;
    if (isSparse) source.bytes.fill(0, 100, 1_900).fill(7, 500, 600);
    let heldMax = 0;
    source.beforeRead = () => (heldMax = Math.max(heldMax, source.answered - source.released));
    await copier.copy({ source, destination }, { mode: "shared" });
    expect(heldMax).toBeLessThanOrEqual(4);
  });

  it("tells how long it took, and arms no timer while it copies", async () => {
    const { scheduler, source, destination, copier } = setup(30);
    scheduler.advance(500);
    source.failNext.set("unlock", noAnswer());
    const armed: number[] = [];
    source.beforeRead = () => armed.push(scheduler.armed);
    const copying = copier.copy({ source, destination }, { mode: "shared" });
    await settle();
    scheduler.advance(20);
    const { report } = await copying;
    expect(report.durationMs).toBe(20);
    expect(new Set(armed)).toEqual(new Set([0]));
  });

  it("waits by the scheduler after a failed unlock, then copies again", async () => {
    const { scheduler, source, destination, copier } = setup(30);
    source.failNext.set("unlock", new LeaseError("LEASE_REVOKED", "recall timeout"));
    const copying = copier.copy({ source, destination }, { mode: "shared" });
    await settle();
    expect(scheduler.armed).toBe(1);
    expect(source.log).toEqual(["acquire shared", "unlock l1"]);
    scheduler.advance(20);
    const result = await copying;
    expect(result).toMatchObject({ ok: true, report: { replays: 1, writtenBytes: 60, wastedBytes: 30 } });
    expect(scheduler.armed).toBe(0);
  });

  it("tells the rest of a recall's time too", async () => {
    const { scheduler, source, destination, copier } = setup(50, { windowMax: 1, windowStart: 1 });
    let reads = 0;
    source.beforeRead = () => {
      reads += 1;
      if (reads === 1) source.recall?.({ revokedInMs: 0 });
      // Half of nothing is over at once.
      if (reads === 2) scheduler.advance(0);
    };
    const result = await copier.copy({ source, destination }, { mode: "exclusive", sizeHintBytes: 50 });
    expect(result).toMatchObject({ ok: true, report: { recalls: 1, leases: 2 } });
    expect(scheduler.armed).toBe(0);
  });

  it("waits as long as chance says, and never longer than the first wait may be", async () => {
    const { scheduler, source, destination, copier } = setup(30, { backoffMs: 1_000 });
    source.failNext.set("unlock", noAnswer());
    const copying = copier.copy({ source, destination }, { mode: "shared" });
    await settle();
    const untilMs = 1_000 * seededRandom(2).next();
    expect(scheduler.nextMs).toBeCloseTo(untilMs);
    scheduler.advance(untilMs - 1);
    await settle();
    expect(source.log.filter((line) => line.startsWith("acquire"))).toHaveLength(1);
    scheduler.advance(1);
    expect(await copying).toMatchObject({ ok: true, report: { replays: 1 } });
  });

  const copied = new Uint8Array(60).map((_, at) => (at < 40 ? 0 : at));
  /** A copy that writes and zeroes, since the destination has other bytes where the source has a hole. */
  async function copyWithHole(at: "source" | "destination", call: Call, error: unknown) {
    const { scheduler, copier } = setup(0);
    const [source, destination] = [new MemoryFile(copied), new MemoryFile(new Uint8Array(60).fill(9))];
    source.isSparse = true;
    (at === "source" ? source : destination).failNext.set(call, error);
    const from = { ...NOTHING_COPIED, touchedBytes: 60 };
    const copying = copier.copy({ source, destination }, { mode: "shared", from });
    await settle();
    scheduler.advance(20);
    const result = await copying;
    // Whatever happened, nothing is kept and nothing is left behind.
    expect(source.released).toBe(source.answered);
    expect([scheduler.armed, source.recall, source.loseLease]).toEqual([0, undefined, undefined]);
    return { result, source, destination };
  }

  it.each([
    ["source", "acquire"],
    ["source", "read"],
    ["source", "unlock"],
    ["destination", "establish"],
    ["destination", "write"],
    ["destination", "zero"],
  ] as const)("tries again when nobody answers the %s's %s", async (at, call) => {
    const { result, destination } = await copyWithHole(at, call, noAnswer());
    expect(result).toMatchObject({ ok: true, report: { replays: 1 } });
    expect(result.report.zeroedBytes).toBeGreaterThanOrEqual(40);
    expect(destination.bytes).toEqual(copied);
  });

  it.each([
    ["source", "acquire", "SOURCE_FAILED: acquire: input/output error"],
    ["source", "read", "SOURCE_FAILED: read: input/output error"],
    ["destination", "establish", "DESTINATION_FAILED: establish: input/output error"],
    ["destination", "write", "DESTINATION_FAILED: write: input/output error"],
    ["destination", "zero", "DESTINATION_FAILED: write: input/output error"],
  ] as const)(
    "gives up when the %s's %s fails for good, with the lease given back",
    async (at, call, text) => {
      const cause = new Error("input/output error");
      const { result, source } = await copyWithHole(at, call, cause);
      expect(result).toMatchObject({ ok: false, error: { cause, message: `TRANSACTION_${text}` } });
      expect(source.log.at(-1)).toBe(call === "acquire" ? "acquire shared" : "unlock l1");
    },
  );

  it("writes no more than it asked for of an answer that has more", async () => {
    const { source, destination, copier } = setup(25);
    source.surplusBytes = 3;
    const remaining = [{ offset: 5, length: 4 }];
    const from = { ...NOTHING_COPIED, remaining, base: 0n as Epoch };
    destination.bytes = new Uint8Array(25);
    await copier.copy({ source, destination }, { mode: "shared", from });
    const expected = new Uint8Array(25);
    expected.set(source.bytes.subarray(5, 9), 5);
    expect(destination.bytes).toEqual(expected);
  });

  it("passes the loss of a lease on: the reads under it are called off, another lease is taken", async () => {
    const { scheduler, source, destination, copier } = setup(30);
    const signals: AbortSignal[] = [];
    source.beforeRead = (signal) => {
      signals.push(signal);
      if (signals.length === 1) source.loseLease?.("l1" as LeaseId, "disconnect");
    };
    const copying = copier.copy({ source, destination }, { mode: "shared" });
    await settle();
    expect(source.log).toEqual(["acquire shared"]);
    scheduler.advance(20);
    const result = await copying;
    expect(result).toMatchObject({ ok: true, report: { replays: 1, leases: 3 } });
    expect(result.report.regions[0]?.lastCause).toBe("lease lost: disconnect");
    expect(signals[0]?.aborted).toBe(true);
    expect(signals.at(-1)?.aborted).toBe(false);
    expect(source.released).toBe(source.answered);
  });

  it("calls off what it asks for when its signal aborts", async () => {
    const { source, destination, copier } = setup(30);
    source.beforeGrant = () => new Promise(() => {});
    const cancel = new AbortController();
    const copying = copier.copy({ source, destination }, { mode: "shared" }, cancel.signal);
    await settle();
    cancel.abort();
    expect(await copying).toMatchObject({
      ok: false,
      error: { message: "TRANSACTION_CANCELLED: the copy was cancelled" },
    });
    expect(source.log).toEqual(["acquire shared"]);
  });

  it("calls off every read that is under way, also those that were due when it was cancelled", async () => {
    const { source, destination, copier } = setup(30);
    const cancel = new AbortController();
    const signals: AbortSignal[] = [];
    source.beforeRead = (signal) => {
      signals.push(signal);
      cancel.abort();
    };
    await copier.copy({ source, destination }, { mode: "shared", sizeHintBytes: 30 }, cancel.signal);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  it("waits on when its timer fires early", async () => {
    const { scheduler, source, destination } = setup(30);
    const world = { scheduler: scheduler.firstEarly(15), random: { next: () => 1 } };
    source.failNext.set("unlock", noAnswer());
    const copying = createCopier({ backoffMs: 20 }, world).copy({ source, destination }, { mode: "shared" });
    await settle();
    scheduler.advance(5);
    expect(scheduler.nextMs).toBe(20);
    scheduler.advance(15);
    expect(await copying).toMatchObject({ ok: true, report: { replays: 1 } });
  });

  it("leaves nothing on a signal that outlives it", async () => {
    const { source, destination, copier } = setup(30);
    const { signal } = new AbortController();
    const copying = copier.copy({ source, destination }, { mode: "shared" }, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await copying;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("rejects when a port breaks its contract, and lets go of everything", async () => {
    const { scheduler, source, destination, copier } = setup(30);
    const fault = new Error("thrown, not rejected");
    destination.write = () => {
      throw fault;
    };
    await expect(copier.copy({ source, destination }, { mode: "shared" })).rejects.toBe(fault);
    expect(source.released).toBe(source.answered);
    expect([scheduler.armed, source.recall, source.loseLease]).toEqual([0, undefined, undefined]);
  });

  it("passes recalls on", async () => {
    const { source, destination, copier } = setup(500, { windowStart: 2, windowMax: 2 });
    let reads = 0;
    source.beforeRead = () => {
      reads += 1;
      if (reads % 5 === 0) source.recall?.({});
    };
    const result = await copier.copy({ source, destination }, { mode: "shared" });
    expect(result.ok).toBe(true);
    expect(result.report.recalls).toBeGreaterThan(3);
    expect(destination.bytes).toEqual(source.bytes);
  });

  it("ends in good order when its signal aborts", async () => {
    const { source, destination, copier } = setup(500);
    const cancel = new AbortController();
    source.beforeRead = () => cancel.abort();
    const result = await copier.copy({ source, destination }, { mode: "shared" }, cancel.signal);
    expect(result).toMatchObject({ ok: false, error: { code: "TRANSACTION_CANCELLED" } });
    expect(source.log.at(-1)).toBe("unlock l1");
    expect(source.released).toBe(source.answered);
  });

  it("does nothing when its signal had aborted before", async () => {
    const { source, destination, copier } = setup(500);
    const result = await copier.copy({ source, destination }, { mode: "shared" }, AbortSignal.abort());
    expect(result.ok).toBe(false);
    expect(source.log).toEqual([]);
  });

  it("hands over an exclusive lease", async () => {
    const { source, destination, copier } = setup(64);
    const result = await copier.copy({ source, destination }, { mode: "exclusive" });
    expect(result).toMatchObject({ ok: true, end: "complete", lease: { leaseId: "l1" } });
    expect(source.log).toEqual(["acquire exclusive"]);
  });

  it.each([
    { chunkBytes: 0 },
    { chunkBytes: 100, chunkBytesMax: 99 },
    { windowStart: 5, windowMax: 4 },
    { windowMin: 5, windowStart: 4 },
    { backoffMs: 9, backoffMaxMs: 8 },
    { chunkByte: 1 } as TransactionOptionsInput,
  ])("refuses the options %o", (options) => {
    expect(() => setup(1, options)).toThrow(/chunk|window|backoff|Unrecognized/);
  });

  it("takes options at their limits", () => {
    const limits = { chunkBytes: 9, chunkBytesMax: 9, windowMin: 4, windowStart: 4, windowMax: 4 };
    expect(() => setup(1, { ...limits, backoffMs: 7, backoffMaxMs: 7 })).not.toThrow();
  });
});
