import { leasesConflict } from "./conflict-table.js";
import type { InodeLeases } from "./inode-leases.js";
import type { Lease } from "./lease.js";
import type { GatedFop, LeaseRequest } from "./lease-effect.js";

/**
 * Whether a request of scope `open` is refused: stock bricks grant at once or never. `own` is the lease
 * that the lease-id holds already.
 * Source: `__is_lease_grantable`, glusterfs `xlators/features/leases`; that a lease waits for running fops
 * is ours, so an upgrade, which has no place to wait in, is refused while any run.
 */
export function isRefusedAtOnce<Fop extends GatedFop, Request extends LeaseRequest>(
  inode: InodeLeases<Fop, Request>,
  request: Request,
  own: Lease | undefined,
): boolean {
  const { type } = request;
  if (inode.waiting.length > 0 || inode.leases.some((lease) => lease.isRecalled)) return true;
  if (inode.leasesAgainst(type, own).length > 0) return true;
  for (const fd of request.openFds ?? []) {
    const isOwn = fd.client === request.client && fd.leaseId === request.leaseId;
    if (!isOwn && (type === "read-write" || fd.writes)) return true;
  }
  const isUpgrade = own !== undefined && type === "read-write" && own.readWriteCount === 0;
  return isUpgrade && !inode.isDrained(type, "open");
}

/** The leases that a refused request of scope `open` recalls: as in stock all of that scope, and what it meets. */
export function recalledByRefusal<Fop extends GatedFop, Request extends LeaseRequest>(
  inode: InodeLeases<Fop, Request>,
  request: Request,
): Lease[] {
  return inode.leases.filter((lease) => lease.scope === "open" || leasesConflict(request.type, lease.type));
}
