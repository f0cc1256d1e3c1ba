import { LeaseRevokedError } from "@brickshift/lease-manager";
import { type Dict, Errno, isProtocolError, xdataOf } from "@brickshift/wire";

/** What a failed fop answers. */
export interface FopFailure {
  readonly errno: number;
  readonly xdata: Dict | null;
  /** The brick itself is at fault: worth a line in its log. */
  readonly isOurs: boolean;
}

/**
 * The answer for an error. Whoever lost a lease or a fence, or came to the wrong brick, gets the reason in
 * xdata; an error that is none of the protocol's is the brick's own, and EIO to its clients.
 */
export function failureOf(error: unknown): FopFailure {
  if (!isProtocolError(error)) return { errno: Errno.EIO, xdata: null, isOurs: true };
  return { errno: error.errno, xdata: reasonOf(error), isOurs: error.fault === "local" };
}

function reasonOf(error: Error & { readonly code: string }): Dict | null {
  if (error instanceof LeaseRevokedError) return xdataOf({ leaseState: error.leaseState });
  switch (error.code) {
    case "TREE_FENCED":
    case "LEASE_FENCED":
      return xdataOf({ leaseState: "fenced" });
    case "TREE_LOCKS_MOVED":
    case "TREE_MOVED": {
      const { linkto } = error as Partial<{ readonly linkto: string }>;
      return linkto === undefined ? null : xdataOf({ linkto });
    }
    case "BRICK_PARENT_LAYOUT_DIFFERS":
      return new Map([["glusterfs.preop.check.failed", { type: "int", value: 1n }]]);
    default:
      return null;
  }
}
