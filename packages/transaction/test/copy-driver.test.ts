import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { LeaseError } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createCopier, type TransactionOptionsInput } from "../src/index.js";
import { MemoryFile } from "./memory-file.js";

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

  it("waits by the scheduler after a failed unlock, then copies again", async () => {
    const { scheduler, source, destination, copier } = setup(30);
    source.failNextUnlock = new LeaseError("LEASE_REVOKED", "recall timeout");
    const copying = copier.copy({ source, destination }, { mode: "shared" });
    await settle();
    expect(scheduler.armed).toBe(1);
    expect(source.log).toEqual(["acquire shared", "unlock l1"]);
    scheduler.advance(20);
    const result = await copying;
    expect(result).toMatchObject({ ok: true, report: { replays: 1, writtenBytes: 60, wastedBytes: 30 } });
    expect(scheduler.armed).toBe(0);
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
    { backoffMs: 9, backoffMaxMs: 8 },
    { chunkByte: 1 } as TransactionOptionsInput,
  ])("refuses the options %o", (options) => {
    expect(() => setup(1, options)).toThrow(/chunk|window|backoff|Unrecognized/);
  });
});
