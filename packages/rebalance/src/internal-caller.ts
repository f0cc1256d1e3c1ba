import type { Iatt } from "@brickshift/wire";

/** Process id of Gluster's own rebalance: link files, leases and permission bits do not stop it. */
export const REBALANCE_PID = -3;

/**
 * The caller for whom a new object is made: its owner, so that it belongs to nobody else meanwhile, in the name of
 * the rebalance, so that its directory need not be the owner's to write.
 */
export function internalFor({ uid, gid }: Pick<Iatt, "uid" | "gid">) {
  return { pid: REBALANCE_PID, uid, gid, groups: [] } as const;
}
