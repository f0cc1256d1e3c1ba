import { LeaseError } from "@brickshift/wire";

/** Why a brick ended a lease before its holder did. */
export type RevokeReason = "recall-timeout" | "disconnect" | "admin";
/** What `brickshift.lease-state` says: why it was revoked, or that nothing is known of such a lease. */
export type LeaseState = RevokeReason | "not-held";

/** `LEASE_REVOKED`, with the text of `brickshift.lease-state` that goes with the answer. */
export class LeaseRevokedError extends LeaseError {
  readonly leaseState: LeaseState;

  constructor(leaseState: LeaseState, message: string) {
    super("LEASE_REVOKED", message);
    this.leaseState = leaseState;
  }
}
