import { Errno, type Gfid, type Iatt, xdataOf } from "@brickshift/wire";
import type { GrantedLease } from "./brick-leases.js";
import type { FileAttributes } from "./file-attributes.js";
import type { FileDestination } from "./file-destination.js";
import { fopErrorOf, isErrno, isGone, isUnanswered } from "./fop-failure.js";
import { lookUpAlone } from "./look-up-alone.js";
import { isRebalanceError, RebalanceError } from "./rebalance-error.js";
import { patienceOf, type RunContext } from "./run-context.js";
import { SourceGone } from "./source-errors.js";
import { rememberedFate, shownAndCommitted, undecided } from "./target-fate.js";
import { untilAnswered } from "./until-answered.js";

/** What is flipped. */
export interface Flip {
  readonly gfid: Gfid;
  readonly path: string;
  /** The exclusive lease on the source, under which the destination became equal to it. */
  readonly lease: GrantedLease;
  readonly stat: Iatt;
  readonly attributes: FileAttributes;
  readonly destination: FileDestination;
  /** Resolves when the journal has noted the intent. */
  readonly intended: Promise<void>;
}

/** How far a flip came. After `committed` the file is on the destination, whatever else fails. */
export interface FlipState {
  phase: "begun" | "prepared" | "committed" | "published" | "undecided";
}

/**
 * Makes the destination the data file and the source a link file: prepare, commit, publish. The commit is
 * the decision, one fop on the source.
 *
 * Rejects before the commit with what the failed step rejects with: `state` is `prepared` at most, and the target may be
 * aborted. Rejects with `REBALANCE_UNFINISHED` after it (`committed`), or when nobody can tell (`undecided`): then the
 * target must stay, and the next run ends what was begun.
 */
export async function flip(context: RunContext, move: Flip, state: FlipState): Promise<void> {
  const { journal } = context;
  const { gfid, lease, destination } = move;
  await move.intended;
  await destination.prepare(lease.epoch, move.stat, move.attributes.xattrs);
  state.phase = "prepared";
  await commit(context, move, state);
  state.phase = "committed";
  // A journal that fails must not keep the file from being shown.
  const [, published] = await Promise.allSettled([journal.committed(gfid), publish(context, move)]);
  if (published.status === "rejected") throw published.reason;
  state.phase = "published";
  await journal.done(gfid);
}

async function commit(context: RunContext, move: Flip, state: FlipState): Promise<void> {
  const { source, destinationName, options } = context;
  const { gfid, lease } = move;
  const dict = xdataOf({ migration: "commit", linkto: destinationName });
  const xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
  try {
    await source.fops.setxattr({ gfid, flags: 0, dict, xdata }, { timeoutMs: options.fopTimeoutMs });
  } catch (error) {
    if (isGone(error)) throw new SourceGone({ cause: error });
    if (isRefusal(error)) throw error;
    state.phase = "undecided";
    if (await wasCommitted(context, move)) return;
    state.phase = "prepared";
    throw error;
  }
}

const refusals: ReadonlySet<number> = new Set([
  Errno.EPERM,
  Errno.EAGAIN,
  Errno.EACCES,
  Errno.EBUSY,
  Errno.EINVAL,
  Errno.EOPNOTSUPP,
]);

/**
 * Whether the brick refused before it did anything, or was never asked. Every other answer, such as EIO or ENOSPC, may come
 * from a step that was made all the same and only not confirmed by the disk.
 */
function isRefusal(error: unknown): boolean {
  if (isUnanswered(error)) return false;
  const fop = fopErrorOf(error);
  return fop === undefined || fop.code !== "FOP_FAILED" || refusals.has(fop.errno);
}

/**
 * Finds out what became of a commit without answer, or with one that tells nothing. It may be under way still, and be carried out after we looked: so
 * first the lease that it rests on must be over, which the grant of another exclusive lease proves.
 */
async function wasCommitted(context: RunContext, { gfid, path, lease, destination }: Flip): Promise<boolean> {
  const { sourceLeases, destinationName } = context;
  const fence = lease.epoch;
  const { madeUnder = fence } = destination;
  const patience = patienceOf(context);
  try {
    await untilAnswered(() => sourceLeases.end(gfid, lease.leaseId), patience);
    const { state } = await untilAnswered(() => lookUpAlone(context, gfid), patience);
    if (state.type === "link" && state.linkto === destinationName) return true;
    // It may have committed all the same: a link file can be removed for a stale one, and another mode or linkto be given to it.
    const fate = await untilAnswered(() => rememberedFate(context, { gfid, madeUnder, fence }), patience);
    if (state.type === "present") {
      if (fate === "committed") throw shownAndCommitted(context, gfid);
      return false;
    }
    if (fate === "unknown" || fate === "misnamed") {
      throw undecided(context, gfid, state.type === "link" ? state.linkto : "absent");
    }
    return fate === "committed";
  } catch (cause) {
    if (isRebalanceError(cause)) throw cause;
    const message = `${path}: the source does not answer whether it committed; bring it up, and go on with resume`;
    throw new RebalanceError("REBALANCE_UNFINISHED", message, { cause });
  }
}

async function publish(context: RunContext, { path, lease, destination }: Flip): Promise<void> {
  try {
    await untilAnswered(() => destination.publish(lease.epoch), patienceOf(context));
  } catch (cause) {
    const hint = isErrno(cause, Errno.ESTALE)
      ? "another runner ends it"
      : "bring it up, and go on with resume";
    const message = `${path}: moved, but the destination does not show it yet; ${hint}`;
    throw new RebalanceError("REBALANCE_UNFINISHED", message, { cause });
  }
}
