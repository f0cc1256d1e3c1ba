import { Errno, getXdata, type Gfid, type HeldTarget, ROOT_GFID, XDATA, xdataOf } from "@brickshift/wire";
import { isErrno } from "./fop-failure.js";
import { RebalanceError } from "./rebalance-error.js";
import type { RunContext } from "./run-context.js";

/** What became of the commit that a prepared target waits for. */
export type TargetFate = "committed" | "not-committed" | "unknown";

/**
 * What the source remembers of the commit for a prepared target, asked when it has nothing under the gfid any more, so that no
 * commit can come: either it committed, and somebody removed the link file since, or the file was removed before.
 *
 * The target was prepared under the epoch of the lease that its commit names: not lower than the fence that it was made under,
 * nor higher than the highest fence that was seen. A commit under any other was for another target. Rejects with what the client
 * rejects with.
 */
export async function fateOfTarget(
  { source, destinationName, options }: RunContext,
  { gfid, madeUnder, fence }: Pick<HeldTarget, "gfid" | "madeUnder" | "fence">,
): Promise<TargetFate> {
  const name = XDATA.commit;
  const request = { gfid: ROOT_GFID, namelen: name.length, name, xdata: xdataOf({ commitOf: gfid }) };
  const asked = source.fops.getxattr(request, { timeoutMs: options.fopTimeoutMs });
  const { dict } = await asked.catch((error: unknown) => {
    if (isErrno(error, Errno.EOPNOTSUPP)) return { dict: null };
    throw error;
  });
  const unknown = asToldOf[options.undecided];
  const commit = getXdata(dict, "commit");
  if (commit === undefined) {
    const since = getXdata(dict, "commitsSince");
    return since !== undefined && madeUnder > since ? "not-committed" : unknown;
  }
  if (commit < madeUnder || commit > fence) return "not-committed";
  return getXdata(dict, "linkto") === destinationName ? "committed" : unknown;
}

/** What is not known is what the operator says. */
const asToldOf = { keep: "unknown", publish: "committed", drop: "not-committed" } as const;

/** For a target of which nobody knows whether it is the only copy. */
export function undecided({ source, destination }: RunContext, gfid: Gfid): RebalanceError {
  const lost = `${source.brick} has no ${gfid} and does not remember whether it moved to ${destination.brick}`;
  const next =
    "it is kept there, hidden; look for it on other bricks, then run with `undecided` publish when none has it, else drop";
  return new RebalanceError("REBALANCE_UNDECIDED", `${lost}; ${next}`);
}
