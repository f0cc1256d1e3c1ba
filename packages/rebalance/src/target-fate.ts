import { Errno, getXdata, type Gfid, type HeldTarget, ROOT_GFID, XDATA, xdataOf } from "@brickshift/wire";
import { isErrno } from "./fop-failure.js";
import { RebalanceError } from "./rebalance-error.js";
import type { RunContext } from "./run-context.js";

/** What became of the commit that a prepared target waits for. */
export type TargetFate = "committed" | "not-committed" | "unknown";

/**
 * What the source remembers of the commit for a prepared target. It is asked when it cannot commit any more: it has nothing under
 * the gfid, or the one who asks holds its exclusive lease. When nothing is remembered that tells, it is as the operator says.
 * Rejects with what the client rejects with.
 */
export async function fateOfTarget(context: RunContext, target: WaitingTarget): Promise<TargetFate> {
  const fate = await rememberedFate(context, target);
  return fate === "unknown" ? asToldOf[context.options.undecided] : fate;
}

/** A prepared target, and the highest fence that it has seen. */
export type WaitingTarget = Pick<HeldTarget, "gfid" | "madeUnder" | "fence">;

/**
 * What the source itself remembers.
 *
 * The target was prepared under the epoch of the lease that its commit names: not lower than the fence that it was made under,
 * nor higher than the highest fence that was seen. A commit under any other was for another target. Rejects with what the client
 * rejects with.
 */
export async function rememberedFate(
  { source, destinationName, options }: RunContext,
  { gfid, madeUnder, fence }: WaitingTarget,
): Promise<TargetFate> {
  const name = XDATA.commit;
  const request = { gfid: ROOT_GFID, namelen: name.length, name, xdata: xdataOf({ commitOf: gfid }) };
  const asked = source.fops.getxattr(request, { timeoutMs: options.fopTimeoutMs });
  const { dict } = await asked.catch((error: unknown) => {
    if (isErrno(error, Errno.EOPNOTSUPP)) return { dict: null };
    throw error;
  });
  const commit = getXdata(dict, "commit");
  if (commit === undefined) {
    const since = getXdata(dict, "commitsSince");
    return since !== undefined && madeUnder > since ? "not-committed" : "unknown";
  }
  if (commit < madeUnder || commit > fence) return "not-committed";
  return getXdata(dict, "linkto") === destinationName ? "committed" : "unknown";
}

/**
 * Makes sure that a target may be dropped, of a file that the source shows. A link file that somebody gave another mode or
 * another linkto shows as data, and the target is the only copy all the same: so what is remembered of its commit counts.
 *
 * Rejects with `REBALANCE_UNDECIDED` when the source remembers that it committed, unless the operator says that it be dropped, and
 * with what the client rejects with.
 */
export async function needDroppable(context: RunContext, target: HeldTarget): Promise<void> {
  if (target.phase === "filling" || context.options.undecided === "drop") return;
  if ((await rememberedFate(context, target)) !== "committed") return;
  const { source, destination } = context;
  const both = `${source.brick} shows data of ${target.gfid}, and remembers that it moved to ${destination.brick}`;
  const next =
    "it is kept there, hidden; remove what the source shows and run again, or run with `undecided` drop to keep that";
  throw new RebalanceError("REBALANCE_UNDECIDED", `${both}; ${next}`);
}

/** What is not known is what the operator says. */
const asToldOf = { keep: "unknown", publish: "committed", drop: "not-committed" } as const;

/** For a target of which nobody knows whether it is the only copy. */
export function undecided({ source, destination }: RunContext, gfid: Gfid): RebalanceError {
  const lost = `${source.brick} has no data of ${gfid} and does not remember whether it moved to ${destination.brick}`;
  const next =
    "it is kept there, hidden; look for it on other bricks, then run with `undecided` publish when none has it, else drop";
  return new RebalanceError("REBALANCE_UNDECIDED", `${lost}; ${next}`);
}
