import type { HeldTarget } from "@brickshift/wire";
import { heldTargets } from "./held-targets.js";
import { MigrationLock } from "./migration-lock.js";
import { isRebalanceError } from "./rebalance-error.js";
import { patienceWithLock, type RunContext } from "./run-context.js";
import { pathOnDestination } from "./path-on-destination.js";
import { type Settled, settleFlip } from "./settle-flip.js";

/** A target that was left over, and what became of it. */
export interface Swept {
  readonly target: HeldTarget;
  readonly path: string;
  readonly settled: Settled;
}

/** The targets that the destination holds from the source: what runs left half done, whatever the source has of it by now. */
export async function* targetsLeft(context: RunContext): AsyncGenerator<HeldTarget> {
  for await (const target of heldTargets(context)) {
    if (target.source === context.sourceId) yield target;
  }
}

/** Ends one of them; `undefined` when another runner is at work on it. Never rejects. */
export async function sweep(context: RunContext, target: HeldTarget): Promise<Swept | undefined> {
  if (await isAtWork(context, target)) return undefined;
  const path = await pathOnDestination(context, target.gfid);
  return { target, path, settled: await settleFlip(context, { gfid: target.gfid, path }) };
}

/** A runner that fills a large file holds its lock, and need not give its leases back for us to find that out. */
async function isAtWork(context: RunContext, { gfid }: HeldTarget): Promise<boolean> {
  const { source, options, world, isResumed } = context;
  const lock = new MigrationLock(source, gfid, options.fopTimeoutMs, world.random.bytes(8), isResumed);
  try {
    await lock.takePatiently(patienceWithLock(context));
    await lock.release();
    return false;
  } catch (error) {
    // Whatever else is in the way is for what comes next to tell.
    return isRebalanceError(error) && error.code === "REBALANCE_OTHER_RUNNER";
  }
}
