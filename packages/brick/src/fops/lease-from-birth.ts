import { type Dict, type Gfid, getXdata, xdataOf } from "@brickshift/wire";
import type { LeaseAsk } from "../gate/lease-ask.js";
import type { FopCall } from "./fop-call.js";
import { toldWithLease } from "./told-with-lease.js";

/**
 * Takes the exclusive lease of scope `data` that the maker of an inode asks for by a lease-id and that scope, when it can be granted
 * at once: as good as always, since hardly anybody knows the inode yet. The extra data of the answer, with the epoch and what else was
 * asked for; `null` when none was asked for or granted, and it takes a LEASE to get one. Never throws: the inode is made.
 */
export function leaseFromBirth(fop: FopCall, gfid: Gfid): Dict | null {
  const { brick, client, leaseId, owner, xdata } = fop;
  if (leaseId === undefined || owner.isGone) return null;
  // A brick that answers as 10.3 knows no such scope.
  if (getXdata(xdata, "leaseScope") !== "data" || brick.options.compat !== undefined) return null;
  const { gate } = brick;
  const inode = gate.inodes.use(gfid);
  const granted: Dict[] = [];
  const ask: LeaseAsk = {
    client,
    leaseId,
    type: "read-write",
    scope: "data",
    openFds: inode.fds ?? [],
    answer: {
      granted: (leaseEpoch) =>
        void granted.push(xdataOf({ leaseEpoch }, toldWithLease(fop, gfid, ask, xdata))),
      refused() {},
      withdrawn() {},
    },
  };
  try {
    gate.request(inode, ask);
    // It would be granted to nobody.
    if (granted.length === 0) gate.unlock(inode, { client, leaseId, type: undefined });
  } catch {
    // Too many leases, or too many that wait: the LEASE that asks next is told so.
  } finally {
    gate.inodes.unuse(inode);
  }
  return granted[0] ?? null;
}
