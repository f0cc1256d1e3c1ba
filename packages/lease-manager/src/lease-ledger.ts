import { type Epoch, LeaseError, type LeaseId } from "@brickshift/wire";
import { gateRows } from "./conflict-table.js";
import type { InodeLeases } from "./inode-leases.js";
import { ENDED, type Lease } from "./lease.js";
import type { GatedFop, LeaseEffect, LeaseRequest } from "./lease-effect.js";
import { LeaseRegistry } from "./lease-registry.js";
import { LeaseRevokedError, type LeaseState, type RevokeReason } from "./lease-revoked-error.js";
import type { LeaseOptions } from "./options.js";
import { extendRecall, RecallDeadlines, startRecall } from "./recall-deadline.js";
import { TrackedInodes } from "./tracked-inodes.js";

const noEffects: readonly never[] = Object.freeze([]);

/**
 * The life of every lease of the brick, granted → recalled → ended, and the effects of each step. Who may
 * be granted, and who waits for whom, is decided by `InodeLeases` and `LeaseManager`.
 */
export class LeaseLedger<Fop extends GatedFop, Request extends LeaseRequest> {
  readonly registry: LeaseRegistry;
  readonly tracked: TrackedInodes;
  readonly deadlines = new RecallDeadlines();
  #options: LeaseOptions;
  readonly #firstEpoch: Epoch;
  #epoch: Epoch;
  #grants = 0;
  #effects: LeaseEffect<Fop, Request>[] = [];

  constructor(options: LeaseOptions, firstEpoch: Epoch) {
    this.#options = options;
    this.#firstEpoch = firstEpoch;
    this.#epoch = firstEpoch;
    this.registry = new LeaseRegistry(options.deadLeasesMax);
    this.tracked = new TrackedInodes(options);
  }

  /** Recalls from now on have this long. */
  setRecallTimeout(recallTimeoutMs: LeaseOptions["recallTimeoutMs"]): void {
    this.#options = { ...this.#options, recallTimeoutMs };
  }

  /** The epoch of the last grant. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /** The epoch that a lease held was granted with. */
  epochOf(lease: Lease): Epoch {
    return (this.#firstEpoch + BigInt(lease.grant)) as Epoch;
  }

  emit(effect: LeaseEffect<Fop, Request>): void {
    this.#effects.push(effect);
  }

  takeEffects(): readonly LeaseEffect<Fop, Request>[] {
    if (this.#effects.length === 0) return noEffects;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** The lease of this inode that the fop names and its client holds. */
  ownLease(inode: InodeLeases<Fop, Request>, fop: Fop): Lease | undefined {
    if (fop.leaseId === undefined) return undefined;
    const lease = this.registry.get(fop.leaseId);
    const isOwn = lease?.isHeld === true && lease.client === fop.client && lease.gfid === inode.gfid;
    return isOwn ? lease : undefined;
  }

  /** Why a fop may not run at all: it names a lease that is over, or an epoch that is not held. */
  refusalOf(inode: InodeLeases<Fop, Request>, fop: Fop): LeaseError | undefined {
    const { leaseId, leaseEpoch, client } = fop;
    // To refuse to take a resource back would only lose the resource.
    if (gateRows[fop.gate].data === "housekeeping") return undefined;
    const death = leaseId === undefined ? undefined : this.registry.deathOf(client, leaseId);
    if (leaseEpoch !== undefined) {
      const own = this.ownLease(inode, fop);
      if (own === undefined || this.epochOf(own) !== leaseEpoch) {
        return revokedError(leaseId, death ?? "not-held");
      }
    }
    return death === undefined ? undefined : revokedError(leaseId, death);
  }

  /** @throws {@link LeaseError} `LEASE_LIMIT` when one lease more, on the inode or the brick, is too many. */
  checkRoom(inode: InodeLeases<Fop, Request>, queuedRequests: number): void {
    const { leasesPerInodeMax, leasesMax, grantsMax } = this.#options;
    const onInode = inode.leaseCount + inode.waiting.length - inode.blockedFops;
    if (onInode >= leasesPerInodeMax) {
      throw new LeaseError("LEASE_LIMIT", `${onInode} leases on ${inode.gfid}`);
    }
    if (this.registry.size >= leasesMax) {
      throw new LeaseError("LEASE_LIMIT", `${this.registry.size} leases on the brick`);
    }
    if (this.#grants + queuedRequests >= grantsMax) {
      throw new LeaseError("LEASE_LIMIT", `${this.#grants} leases granted since the start`);
    }
  }

  /** The lease, attached to its inode already, gets the next epoch; with scope `data` tracking begins. */
  grant(lease: Lease, request: Request): void {
    this.#grants += 1;
    lease.grant = this.#grants;
    this.#epoch = this.epochOf(lease);
    if (lease.scope === "data") this.tracked.track(lease.gfid, this.#epoch);
    this.grantMore(lease, request);
  }

  /** A lease held is granted the request's type as well, under the epoch that it has. */
  grantMore(lease: Lease, request: Request): void {
    lease.add(request.type);
    const { gfid, client, id: leaseId } = lease;
    const epoch = this.epochOf(lease);
    this.emit({ type: "grant", request, gfid, client, leaseId, epoch });
  }

  /** Asks the lease back; once only. */
  recall(lease: Lease, nowMs: number): void {
    if (lease.isRecalled) return;
    const atMs = startRecall(lease, this.#options, nowMs);
    this.deadlines.add(lease);
    const deadlineMs = atMs === Infinity ? undefined : atMs;
    const { gfid, client, id: leaseId } = lease;
    const epoch = this.epochOf(lease);
    this.emit({ type: "recall", deadlineMs, gfid, client, leaseId, epoch });
  }

  /** A fop runs: if it is a recalled holder's own, the holder gets more time. */
  progress(inode: InodeLeases<Fop, Request>, fop: Fop, nowMs: number): void {
    const recall = this.ownLease(inode, fop)?.recall;
    if (recall !== undefined) extendRecall(recall, this.#options, nowMs);
  }

  /** The brick ends the lease: its holder is fenced, and will be told when it names the lease. */
  revoke(inode: InodeLeases<Fop, Request>, lease: Lease, reason: RevokeReason): void {
    const { gfid, client, id: leaseId } = lease;
    const epoch = this.epochOf(lease);
    this.emit({ type: "revoke", reason, gfid, client, leaseId, epoch });
    if (this.#options.deadLeases === "refused") this.registry.bury(lease, reason);
    this.end(inode, lease);
  }

  /** The lease is over. */
  end(inode: InodeLeases<Fop, Request>, lease: Lease): void {
    inode.detach(lease);
    this.forget(lease);
  }

  /** A lease asked for and never granted is over. */
  forget(lease: Lease): void {
    lease.grant = ENDED;
    this.registry.remove(lease);
  }
}

/** `LEASE_REVOKED` for a lease-id, which is absent when a fop carried only an epoch. */
export function revokedError(leaseId: LeaseId | undefined, state: LeaseState): LeaseRevokedError {
  return new LeaseRevokedError(state, `lease ${leaseId ?? "without an id"}: ${state}`);
}
