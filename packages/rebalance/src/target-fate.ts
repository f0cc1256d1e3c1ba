import { Errno, getXdata, type Gfid, type HeldTarget, ROOT_GFID, XDATA, xdataOf } from "@brickshift/wire";
import { isErrno } from "./fop-failure.js";
import { RebalanceError } from "./rebalance-error.js";
import type { RunContext } from "./run-context.js";

/** What became of the commit that a prepared target waits for. */
export type TargetFate = "committed" | "not-committed" | "unknown";

/** A prepared target, and the highest fence that it has seen. */
export type WaitingTarget = Pick<HeldTarget, "gfid" | "madeUnder" | "fence">;

/**
 * What the source remembers of the commit for a prepared target. It is asked when the lease that a commit would name is over, so that
 * none can come.
 *
 * The target was prepared under the epoch of the lease that its commit names: not lower than the fence that it was made under,
 * nor higher than the highest fence that was seen. A commit under any other was for another target. One between them that
 * names another brick, as after the destination got another name, is `misnamed`. Rejects with what the client rejects with.
 */
export async function rememberedFate(
  { source, destinationName, options }: RunContext,
  { gfid, madeUnder, fence }: WaitingTarget,
): Promise<TargetFate | "misnamed"> {
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
  return getXdata(dict, "linkto") === destinationName ? "committed" : "misnamed";
}

/**
 * What became of the commit for a target of which the source shows no data.
 *
 * Where nothing is remembered that tells, it is as the operator says. But who publishes what was never committed makes a second data
 * file, when the source links to the brick where the file is: there, only to drop can be said.
 *
 * @param source `absent`, or the name of the brick that the source's link file points to.
 */
export async function fateOfTarget(
  context: RunContext,
  target: WaitingTarget,
  source: string,
): Promise<TargetFate> {
  const fate = await rememberedFate(context, target);
  if (fate === "committed" || fate === "not-committed") return fate;
  const told = asToldOf[context.options.undecided];
  return told === "committed" && source !== "absent" ? "unknown" : told;
}

/** What is not known is what the operator says. */
const asToldOf = { keep: "unknown", publish: "committed", drop: "not-committed" } as const;

/**
 * Makes sure that a target may be dropped, of a file that the source shows. A link file that somebody gave another mode shows
 * as data, and the target is the only copy all the same: so what is remembered of its commit counts.
 *
 * Rejects with `REBALANCE_UNDECIDED` when the source remembers that it committed, unless the operator says that it be dropped, and
 * with what the client rejects with.
 */
export async function needDroppable(context: RunContext, target: HeldTarget): Promise<void> {
  if (target.phase === "filling" || context.options.undecided === "drop") return;
  const fate = await rememberedFate(context, target);
  if (fate === "committed" || fate === "misnamed") throw shownAndCommitted(context, target.gfid);
}

/** For a target that was committed, by what the source remembers, though the source shows data of the file. */
export function shownAndCommitted({ source, destination }: RunContext, gfid: Gfid): RebalanceError {
  const both = `${source.brick} shows data of ${gfid}, though it remembers that it moved to ${destination.brick}`;
  const next =
    "it is kept there, hidden; compare, then remove it on the source brick itself and run again, or run with `undecided` drop to keep only what the source shows";
  return new RebalanceError("REBALANCE_UNDECIDED", `${both}; ${next}`);
}

/**
 * For a target of which nobody knows whether it is the only copy.
 * @param found `absent`, or the name of the brick that the source's link file points to.
 */
export function undecided({ source, destination }: RunContext, gfid: Gfid, found: string): RebalanceError {
  const has = found === "absent" ? `has no ${gfid}` : `links to ${found} for ${gfid}`;
  const lost = `${source.brick} ${has} and does not remember whether it moved to ${destination.brick}`;
  const next =
    found === "absent"
      ? "look for it on other bricks, then run with `undecided` publish when none has it, else drop"
      : `look for it on ${found}; run with \`undecided\` drop when it is there, else remove the link file on the source brick itself and run with publish`;
  return new RebalanceError("REBALANCE_UNDECIDED", `${lost}; it is kept there, hidden; ${next}`);
}
