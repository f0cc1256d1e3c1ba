import {
  type Dict,
  Errno,
  getXdata,
  type Gfid,
  type HeldTarget,
  ROOT_GFID,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import { isErrno, isGone } from "./fop-failure.js";
import { patienceOf, type RunContext } from "./run-context.js";
import { untilAnswered } from "./until-answered.js";

type Asker = Pick<RunContext, "destination" | "options">;

/**
 * The migration targets that the destination holds, whatever brick they are filled from, a page at a time. None when it is a brick
 * of before it could tell. Rejects with what the client rejects with.
 */
export async function* heldTargets(context: Asker & Pick<RunContext, "world">): AsyncGenerator<HeldTarget> {
  for (let after: Gfid | undefined; ;) {
    const xdata = after === undefined ? null : xdataOf({ targetsAfter: after });
    const page = await untilAnswered(() => ask(context, ROOT_GFID, xdata), patienceOf(context));
    yield* page;
    after = page.at(-1)?.gfid;
    if (after === undefined) return;
  }
}

/** The target that an inode of the destination is; `undefined` when it is none, or the brick cannot tell. Rejects with what the client rejects with. */
export async function targetOf(context: Asker, gfid: Gfid): Promise<HeldTarget | undefined> {
  const [target] = await ask(context, gfid, null).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });
  return target;
}

async function ask(
  { destination, options }: Asker,
  gfid: Gfid,
  xdata: Dict | null,
): Promise<readonly HeldTarget[]> {
  const name = XDATA.targets;
  const request = { gfid, namelen: name.length, name, xdata };
  const asked = destination.fops.getxattr(request, { timeoutMs: options.fopTimeoutMs });
  const { dict } = await asked.catch((error: unknown) => {
    if (isErrno(error, Errno.EOPNOTSUPP)) return { dict: null };
    throw error;
  });
  return getXdata(dict, "targets") ?? [];
}
