import { afterEach, beforeEach, expect, it } from "vitest";
import { BrickLeases } from "../src/brick-leases.js";
import { FileSource } from "../src/file-source.js";
import { rebalanceOptions } from "../src/index.js";
import { Throttle } from "../src/throttle-driver.js";
import { makeFile, nodeScheduler, random, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;

beforeEach(async () => {
  bricks = await twoBricks();
});
afterEach(() => bricks.close());

/** A file of the source as the copy of it sees it. */
async function fileSource(): Promise<FileSource> {
  const gfid = await makeFile(bricks.source, "f", random.bytes(3_000));
  const options = rebalanceOptions.parse({});
  const leases = new BrickLeases(bricks.source, { scheduler: nodeScheduler, random }, options);
  const throttle = new Throttle(0, nodeScheduler);
  const waits = {
    scheduler: nodeScheduler,
    fopTimeoutMs: options.fopTimeoutMs,
    clientLockWaitMs: 0,
    stepPauseMs: 1,
  };
  return new FileSource(
    gfid,
    { brick: bricks.source, leases, throttle, wholeBytesMax: 0, ...waits },
    () => {},
  );
}

it.each(["shared", "exclusive"] as const)(
  "tells in the next read that a %s lease ended with the brick's process",
  async (mode) => {
    const file = await fileSource();
    const lease = await file.acquire({ mode }, new AbortController().signal);
    const answer = await file.read(0, 1_000, lease);
    expect(answer).toMatchObject({ type: "bytes", sizeBytes: 3_000 });
    const { session } = bricks.source;
    await bricks.restart("b0", () => {});
    await expect.poll(() => bricks.source.session !== session && bricks.source.capabilities).toBeTruthy();
    // The brick that runs now never heard of the lease-id: only the epoch tells it that the lease is over.
    await expect(file.read(1_000, 1_000, lease)).rejects.toMatchObject({ code: "LEASE_REVOKED" });
    await expect(file.unlock(lease)).rejects.toMatchObject({ code: "LEASE_REVOKED" });
  },
);
