import { type Dict, type Epoch, Errno, type Gfid, type MigrationStep, xdataOf } from "@brickshift/wire";
import { failedOutcome } from "./failed-outcome.js";
import { isErrno } from "./fop-failure.js";
import { lookUp } from "./inode-state.js";
import { lookUpAlone } from "./look-up-alone.js";
import { LockLost, MigrationLock, PAUSE_MS_MAX } from "./migration-lock.js";
import type { Outcome } from "./outcome.js";
import { RebalanceError } from "./rebalance-error.js";
import { patienceOf, type RunContext } from "./run-context.js";
import { sleepUntil } from "./throttle-driver.js";
import { untilAnswered } from "./until-answered.js";

/** What became of a file whose flip may have been left half done. */
export type Settled =
  /** The source has the data, and the destination nothing of it any more: it can be moved. */
  { readonly type: "untouched" } | { readonly type: "settled"; readonly outcome: Outcome };

/**
 * Ends what an earlier run, or another one, left half done, by asking the source: a link file to us means that the
 * decision has fallen, so the destination is published; data means that it has not, so the target goes.
 *
 * When the source has nothing at all, a prepared target is published too: it may be the only copy. A file that was
 * removed in that moment comes back then; nothing that anybody wrote is lost.
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
          }),
        patienceOf(context),
      ),
    );
    return settled;
  } catch (error) {
    return { type: "settled", outcome: failedOutcome(path, error) };
  }
}

/** @param source `present`, `absent`, or the name of the brick that the source's link file points to. */
async function settle(
  context: RunContext,
  { gfid, path }: { readonly gfid: Gfid; readonly path: string },
  source: string,
  { epoch, lock }: { readonly epoch: Epoch; readonly lock: MigrationLock },
): Promise<Settled> {
  const { destination, destinationName, tally, options } = context;
  const there = await lookUp(destination, gfid, options.fopTimeoutMs);
  if (source === "present") {
    if (there.type === "link") await abortLocked(context, gfid, epoch, lock);
    return { type: "untouched" };
  }
  if (source !== "absent" && source !== destinationName) {
    return { type: "settled", outcome: { type: "skipped", reason: "link-elsewhere" } };
  }
  if (there.type === "present") return { type: "settled", outcome: { type: "already-moved" } };
  if (there.type === "absent") {
    if (source === "absent") return { type: "settled", outcome: { type: "vanished" } };
    const message = `the source links to ${destination.brick}, which has no such file; restore it`;
    throw new RebalanceError("REBALANCE_DANGLING", message);
  }
  if (await publish(context, gfid, epoch)) {
    tally.recovered();
    const { stat } = await lookUp(destination, gfid, options.fopTimeoutMs).then((state) =>
      state.type === "absent" ? { stat: undefined } : state,
    );
    return { type: "settled", outcome: { type: "moved", bytes: stat?.size ?? 0 } };
  }
  if (source === "absent") {
    await abort(context, gfid, epoch);
    return { type: "settled", outcome: { type: "vanished" } };
  }
  const message = `${path} on ${destination.brick} links back to the source, which links to it; restore the file`;
  throw new RebalanceError("REBALANCE_DANGLING", message);
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
