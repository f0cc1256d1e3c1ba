import { type Epoch, type Gfid, ROOT_GFID, xdataOf } from "@brickshift/wire";
import { isGone } from "./fop-failure.js";
import { type InodeState, lookUp } from "./inode-state.js";
import type { RunContext } from "./run-context.js";

/** What the source has under a gfid while nobody else may change it. */
export interface LookedUpAlone {
  readonly state: InodeState;
  /** The epoch of the lease under which it was looked at: a fence above all that went before. */
  readonly epoch: Epoch;
}

/** Does something with what was found; tells whether that led to the file being published on the destination. */
export type WorkAlone = (found: LookedUpAlone) => Promise<"published" | undefined>;

const noWork: WorkAlone = async () => undefined;

/**
 * Looks an inode of the source up under an exclusive lease of its own. That no other is held proves that no
 * commit is under way any more; and while nobody commits, `work` can go by what was found.
 * Rejects with what the client rejects with.
 */
export async function lookUpAlone(
  context: RunContext,
  gfid: Gfid,
  work: WorkAlone = noWork,
): Promise<LookedUpAlone> {
  const { source, sourceLeases, options } = context;
  const lease = await sourceLeases.acquire({ gfid, mode: "exclusive" }).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw causeOf(error);
  });
  if (lease === undefined) return withoutInode(context, work);
  const { leaseId, epoch } = lease;
  let isPublished = false;
  try {
    const state = await lookUp(source, gfid, options.fopTimeoutMs, xdataOf({ leaseId, leaseEpoch: epoch }));
    const found = { state, epoch };
    isPublished = (await work(found)) === "published";
    return found;
  } finally {
    await sourceLeases.unlock(gfid, lease, isPublished).catch(() => {});
  }
}

/** The inode is not there: the root's epoch is as good a fence, since the brick counts for all inodes. */
async function withoutInode({ sourceLeases }: RunContext, work: WorkAlone): Promise<LookedUpAlone> {
  const lease = await sourceLeases.acquire({ gfid: ROOT_GFID, mode: "shared" }).catch((error: unknown) => {
    throw causeOf(error);
  });
  await sourceLeases.unlock(ROOT_GFID, lease).catch(() => {});
  const found = { state: { type: "absent" }, epoch: lease.epoch } as const;
  await work(found);
  return found;
}

/** The client's own rejection behind that of a port. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
