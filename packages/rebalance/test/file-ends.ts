import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { BrickLeases } from "../src/brick-leases.js";
import { FileDestination } from "../src/file-destination.js";
import { FileSource } from "../src/file-source.js";
import { MigrationLock } from "../src/migration-lock.js";
import { rebalanceOptions } from "../src/options.js";
import { Throttle } from "../src/throttle-driver.js";
import { nodeScheduler, random, type twoBricks } from "./two-bricks.js";

/** The two ends of the file "f" as its runner has them, without a runner. */
export function fileEnds(
  bricks: Awaited<ReturnType<typeof twoBricks>>,
  gfid: Gfid,
  wholeBytesMax = 0,
): { readonly source: FileSource; readonly destination: FileDestination } {
  const world = { scheduler: nodeScheduler, random };
  const options = rebalanceOptions.parse({});
  const { fopTimeoutMs } = options;
  const sourceId = bricks.source.capabilities?.brickId;
  if (sourceId === undefined) throw new Error("no id");
  const source = new FileSource(
    gfid,
    {
      brick: bricks.source,
      leases: new BrickLeases(bricks.source, world, options),
      throttle: new Throttle(0, nodeScheduler),
      wholeBytesMax,
      scheduler: nodeScheduler,
      fopTimeoutMs,
      clientLockWaitMs: 0,
      stepPauseMs: 1,
    },
    () => {},
  );
  const destination = new FileDestination(
    { pargfid: ROOT_GFID, bname: "f" },
    {
      source: bricks.source,
      sourceName: "b0",
      sourceId,
      destination: bricks.destination,
      leases: new BrickLeases(bricks.destination, world, options),
      fopTimeoutMs,
      needDroppable: async () => {},
      intended: async () => {},
      onWritten: () => {},
    },
    source,
    new MigrationLock(bricks.source, gfid, fopTimeoutMs, random.bytes(8)),
  );
  return { source, destination };
}
