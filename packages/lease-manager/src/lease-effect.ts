import type { ClientUid, Epoch, Gfid, LeaseError, LeaseId, LeaseScope } from "@brickshift/wire";
import type { Gate, LeaseType } from "./conflict-table.js";
import type { RevokeReason } from "./lease-revoked-error.js";

/**
 * One fop at the gate of one inode. The brick passes its own context of the fop, which has these fields;
 * the manager keeps the object while the fop waits and returns it in the effect. The fields must not
 * change between `admit` and `finish`.
 */
export interface GatedFop {
  readonly client: ClientUid;
  /** The row of the conflict table; see `gateOfOpen` and `gateOfLock` for OPEN, CREATE and LK. */
  readonly gate: Gate;
  /** `lease-id` of the xdata; all zero counts as absent. */
  readonly leaseId: LeaseId | undefined;
  /** `brickshift.lease-epoch` of the xdata. */
  readonly leaseEpoch: Epoch | undefined;
  /** The pid is below 0, or the xdata has `glusterfs-internal-fop`. */
  readonly isInternal: boolean;
  /** The fd was opened with O_NONBLOCK: the fop would rather fail than wait. */
  readonly isNonblocking: boolean;
}

/** An fd that is open on the inode, as stock rules count it. */
export interface OpenFd {
  readonly client: ClientUid;
  /** `lease-id` that OPEN or CREATE carried. */
  readonly leaseId: LeaseId | undefined;
  /** Opened for writing. */
  readonly writes: boolean;
}

/** A LEASE SET. The manager keeps the object while it waits and returns it in the effect. */
export interface LeaseRequest {
  readonly client: ClientUid;
  readonly leaseId: LeaseId;
  readonly type: LeaseType;
  readonly scope: LeaseScope;
  /** All fds open on the inode; read for scope `open` only. */
  readonly openFds?: Iterable<OpenFd>;
}

/** A LEASE UNLOCK. */
export interface LeaseUnlock {
  readonly client: ClientUid;
  readonly leaseId: LeaseId;
  /** The type given back; without it, all that the lease-id holds. */
  readonly type?: LeaseType | undefined;
  /** `brickshift.lease-epoch` of the xdata: with it, a lease not held is always answered as revoked. */
  readonly leaseEpoch?: Epoch | undefined;
}

/**
 * What became of an unlock. `withdrawn`: it named a request that still waited. `not-held`: nobody holds
 * such a lease and it was not revoked; stock bricks answer success. `revoked`: answer EKEYREVOKED.
 */
export type UnlockOutcome =
  | { readonly type: "unlocked" | "withdrawn" | "not-held" }
  | { readonly type: "revoked"; readonly error: LeaseError };

/**
 * What the gate says: `proceed` runs now, and ends with `finish`; `blocked` waits for one effect `resume`,
 * `reject` or `drop`; `would-block` is over: a recall is on its way, the answer is EAGAIN.
 */
export type Admission = "proceed" | "blocked" | "would-block";

/** A lease as effects name it. */
export interface LeaseName {
  readonly gfid: Gfid;
  readonly client: ClientUid;
  readonly leaseId: LeaseId;
  readonly epoch: Epoch;
}

/**
 * What the brick has to do, in order.
 * - `grant`, `refuse`, `withdraw`: a request is answered with its epoch, answered with the error, or gone
 *   with its client.
 * - `recall`: send RECALL_LEASE; `deadlineMs` is a monotonic instant, absent when the brick waits for ever.
 * - `revoke`: the holder is fenced from here on; always before the `resume` of fops that waited for it.
 * - `resume`, `reject`, `drop`: a blocked fop runs now, is answered with the error, or is gone with its
 *   client.
 */
export type LeaseEffect<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest> =
  | ({ readonly type: "grant"; readonly request: Request } & LeaseName)
  | { readonly type: "refuse"; readonly request: Request; readonly gfid: Gfid; readonly error: LeaseError }
  | { readonly type: "withdraw"; readonly request: Request; readonly gfid: Gfid }
  | ({ readonly type: "recall"; readonly deadlineMs: number | undefined } & LeaseName)
  | ({ readonly type: "revoke"; readonly reason: RevokeReason } & LeaseName)
  | { readonly type: "resume" | "drop"; readonly fop: Fop; readonly gfid: Gfid }
  | { readonly type: "reject"; readonly fop: Fop; readonly gfid: Gfid; readonly error: LeaseError };
