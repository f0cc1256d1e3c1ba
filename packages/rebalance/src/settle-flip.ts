import {
  type Dict,
  type Epoch,
  Errno,
  type Gfid,
  type HeldTarget,
  type MigrationStep,
  xdataOf,
} from "@brickshift/wire";
import { failedOutcome } from "./failed-outcome.js";
import { isErrno } from "./fop-failure.js";
import { targetOf } from "./held-targets.js";
import { lookUp } from "./inode-state.js";
import { lookUpAlone } from "./look-up-alone.js";
import { LockLost, MigrationLock, PAUSE_MS_MAX } from "./migration-lock.js";
import type { Outcome } from "./outcome.js";
import { RebalanceError } from "./rebalance-error.js";
import { patienceOf, type RunContext } from "./run-context.js";
import { fateOfTarget, needDroppable, rememberedFate, undecided } from "./target-fate.js";
import { sleepUntil } from "./throttle-driver.js";
import { untilAnswered } from "./until-answered.js";

/** What became of a file whose flip may have been left half done. */
export type Settled =
  /** The source has the data, and the destination nothing of it any more: it can be moved. */
  { readonly type: "untouched" } | { readonly type: "settled"; readonly outcome: Outcome };

/**
 * Ends what an earlier run, or another one, left half done, by asking the source: a link file to us means that the
 * decision has fallen, so the destination is published, unless the source knows of no commit for this target; data, and no commit
 * that is remembered, that it has not, so the target goes.
 *
 * When the source has neither, it is asked whether it remembers the commit: then what is prepared is the only copy and is
 * published, although somebody removed or changed the link file; otherwise the file was removed or moved before, and the target goes.
 */
export async function settleFlip(
  context: RunContext,
  file: { readonly gfid: Gfid; readonly path: string },
): Promise<Settled> {
  const { gfid, path } = file;
  try {
    let settled: Settled = { type: "untouched" };
    await untilUnlocked(context, gfid, (lock) =>
      untilAnswered(
        () =>
          lookUpAlone(context, gfid, async ({ state, epoch }) => {
            const source = state.type === "link" ? state.linkto : state.type;
            settled = await settle(context, file, source, { epoch, lock });
            return source === context.destinationName && isThere(settled) ? "published" : undefined;
          }),
        patienceOf(context),
      ),
    );
    return settled;
  } catch (error) {
    return { type: "settled", outcome: failedOutcome(path, error) };
  }
}

function isThere(settled: Settled): boolean {
  return settled.type === "settled" && ["moved", "already-moved"].includes(settled.outcome.type);
}

/** @param source `present`, `absent`, or the name of the brick that the source's link file points to. */
async function settle(
  context: RunContext,
  { gfid, path }: { readonly gfid: Gfid; readonly path: string },
  source: string,
  { epoch, lock }: { readonly epoch: Epoch; readonly lock: MigrationLock },
): Promise<Settled> {
  const { destination, destinationName, sourceId, options } = context;
  const there = await lookUp(destination, gfid, options.fopTimeoutMs);
  const target = there.type === "link" ? await targetOf(context, gfid) : undefined;
  const isOurs = target?.source === sourceId;
  if (source === "present") {
    if (isOurs) {
      await needDroppable(context, target);
      await abortLocked(context, gfid, epoch, lock);
    }
    return { type: "untouched" };
  }
  if (source !== destinationName) {
    if (isOurs) return settleByMemory(context, epoch, target, source);
    const type = there.type === "present" ? "already-moved" : "vanished";
    return { type: "settled", outcome: source === "absent" ? { type } : LINK_ELSEWHERE };
  }
  // A link file to a third brick, or a target that is filled from one: it was here, and has moved on.
  const hasMovedOn =
    there.type === "link" && (target === undefined ? there.linkto !== context.sourceName : !isOurs);
  if (there.type === "present" || hasMovedOn) return { type: "settled", outcome: { type: "already-moved" } };
  // Put by a request that came late, with what the file was before: nobody committed for it, and the file is gone.
  const isLate =
    isOurs && target.phase === "prepared" && (await rememberedFate(context, target)) === "not-committed";
  if (isLate) await abort(context, gfid, epoch);
  if (there.type === "absent" || isLate) {
    const message = `the source links to ${destination.brick}, which has no such file; restore it`;
    throw new RebalanceError("REBALANCE_DANGLING", message);
  }
  if (await publish(context, gfid, epoch)) return recovered(context, gfid);
  const message = `${path} on ${destination.brick} links back to the source, which links to it; restore the file`;
  throw new RebalanceError("REBALANCE_DANGLING", message);
}

/**
 * The source has no data under the gfid and no link file to us, and will not commit: what it remembers tells whether the target is the
 * only copy, or of a file that was removed or moved to another brick.
 *
 * @throws RebalanceError `REBALANCE_UNDECIDED` when it does not remember.
 */
async function settleByMemory(
  context: RunContext,
  epoch: Epoch,
  target: HeldTarget,
  source: string,
): Promise<Settled> {
  const { gfid, phase } = target;
  const fate = phase === "filling" ? "not-committed" : await fateOfTarget(context, target, source);
  if (fate === "unknown") throw undecided(context, gfid, source);
  if (fate === "committed") {
    // Who published it meanwhile may have moved it on.
    const isPublished = await publish(context, gfid, epoch);
    return isPublished ? recovered(context, gfid) : { type: "settled", outcome: { type: "already-moved" } };
  }
  await abort(context, gfid, epoch);
  return { type: "settled", outcome: source === "absent" ? { type: "vanished" } : LINK_ELSEWHERE };
}

const LINK_ELSEWHERE: Outcome = { type: "skipped", reason: "link-elsewhere" };

async function recovered(context: RunContext, gfid: Gfid): Promise<Settled> {
  const { destination, tally, options } = context;
  tally.recovered();
  const state = await lookUp(destination, gfid, options.fopTimeoutMs);
  return {
    type: "settled",
    outcome: { type: "moved", bytes: state.type === "absent" ? 0 : state.stat.size },
  };
}

/** @returns whether it was prepared. */
async function publish(context: RunContext, gfid: Gfid, fence: Epoch): Promise<boolean> {
  try {
    await step(context, gfid, "publish", fence);
    return true;
  } catch (error) {
    if (isErrno(error, Errno.EINVAL)) return false;
    throw error;
  }
}

/**
 * Does `work` again while the lock of the file, which it takes under a lease, may be one that the process before left behind:
 * `lockWaitMs` at most, and without the lease in between.
 */
async function untilUnlocked(
  context: RunContext,
  gfid: Gfid,
  work: (lock: MigrationLock) => Promise<unknown>,
): Promise<void> {
  const { options, world, source, signal, isResumed } = context;
  const { fopTimeoutMs, lockWaitMs, stepPauseMs } = options;
  const { scheduler, random } = world;
  const lock = new MigrationLock(source, gfid, fopTimeoutMs, random.bytes(8), isResumed);
  const deadlineMs = scheduler.nowMs() + lockWaitMs;
  for (let pauseMs = Math.max(1, stepPauseMs); ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    try {
      await work(lock);
      return;
    } catch (error) {
      if (!(error instanceof LockLost)) throw error;
      const nowMs = scheduler.nowMs();
      if (nowMs >= deadlineMs) throw lock.heldByEarlier(lockWaitMs, error);
      await sleepUntil(scheduler, Math.min(nowMs + pauseMs, deadlineMs), signal);
    }
  }
}

/** Drops a target unless a runner is at work on it, who would not notice and go on with another one. */
async function abortLocked(
  context: RunContext,
  gfid: Gfid,
  epoch: Epoch,
  lock: MigrationLock,
): Promise<void> {
  await lock.take();
  try {
    await abort(context, gfid, epoch);
  } finally {
    await lock.release();
  }
}

/** Drops a target. A link file that is no target stays: it is where a file once was, and harmless. */
async function abort(context: RunContext, gfid: Gfid, fence: Epoch): Promise<void> {
  await step(context, gfid, "abort", fence).catch((error: unknown) => {
    if (isErrno(error, Errno.EINVAL) || isErrno(error, Errno.ENOENT)) return;
    throw error;
  });
}

async function step(context: RunContext, gfid: Gfid, migration: MigrationStep, fence: Epoch): Promise<void> {
  const { destination, sourceId, options } = context;
  const dict: Dict = xdataOf({ migration });
  const xdata = xdataOf({ fence, source: sourceId });
  await destination.fops.setxattr({ gfid, flags: 0, dict, xdata }, { timeoutMs: options.fopTimeoutMs });
}
