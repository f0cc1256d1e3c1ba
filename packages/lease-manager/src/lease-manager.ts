import {
  type ClientUid,
  type Epoch,
  type Extent,
  type Gfid,
  invariant,
  LeaseError,
  type LeaseId,
} from "@brickshift/wire";
import { Backlog } from "./backlog.js";
import type { LeaseType } from "./conflict-table.js";
import { type InodeHost, InodeLeases, isNoLeaseId, type Waiter } from "./inode-leases.js";
import { Lease } from "./lease.js";
import type {
  Admission,
  GatedFop,
  LeaseEffect,
  LeaseRequest,
  LeaseUnlock,
  UnlockOutcome,
} from "./lease-effect.js";
import { LeaseLedger, revokedError } from "./lease-ledger.js";
import type { RevokeReason } from "./lease-revoked-error.js";
import { type LeaseOptions, leaseOptions, type LeaseOptionsInput } from "./options.js";
import { isRefusedAtOnce, recalledByRefusal } from "./stock-rules.js";

/** How much of what is bounded is in use. */
export interface LeaseUsage {
  readonly inodes: number;
  /** Leases held and asked for. */
  readonly leases: number;
  /** Clients that have leases, or have yet to hear of a revoked one. */
  readonly clients: number;
  readonly blockedFops: number;
  readonly queuedRequests: number;
  /** Inodes on which fops or requests wait. */
  readonly contendedInodes: number;
  readonly trackedInodes: number;
  readonly deadLeases: number;
  /** Entries of the recall clock; those of leases that ended go when their time comes. */
  readonly deadlines: number;
}

/**
 * The leases of one brick: a state machine without I/O, clock or chance. Methods that may change who waits
 * leave their consequences as effects, which the caller takes with {@link takeEffects} after every call
 * and carries out in order. A method that throws has changed nothing.
 *
 * `nowMs` is monotonic milliseconds and never goes back.
 */
export class LeaseManager<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest> {
  readonly #inodesMax: number;
  readonly #inodes = new Map<Gfid, InodeLeases<Fop, Request>>();
  readonly #ledger: LeaseLedger<Fop, Request>;
  readonly #backlog: Backlog<Fop, Request>;
  readonly #host: InodeHost<Fop, Request>;

  constructor(options: LeaseOptions, firstEpoch: Epoch) {
    this.#inodesMax = options.inodesMax;
    const ledger = new LeaseLedger<Fop, Request>(options, firstEpoch);
    const backlog = new Backlog<Fop, Request>(options);
    this.#ledger = ledger;
    this.#backlog = backlog;
    this.#host = {
      ownLease: (inode, fop) => ledger.ownLease(inode, fop),
      refusalOf: (inode, fop) => ledger.refusalOf(inode, fop),
      resumed: (inode, fop, nowMs) => {
        backlog.left("fop");
        ledger.progress(inode, fop, nowMs);
        ledger.emit({ type: "resume", fop, gfid: inode.gfid });
      },
      rejected: (inode, fop, error) => {
        backlog.left("fop");
        ledger.emit({ type: "reject", fop, gfid: inode.gfid, error });
      },
      granted: (lease, request) => {
        backlog.left("request");
        ledger.grant(lease, request);
      },
      recall: (lease, nowMs) => ledger.recall(lease, nowMs),
    };
  }

  /** The epoch of the last grant, or the first epoch given when there was none: what a modification is marked with. */
  get currentEpoch(): Epoch {
    return this.#ledger.epoch;
  }

  /** Monotonic instant, in ms, at which a {@link tick} is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    return this.#ledger.deadlines.nextMs();
  }

  get usage(): LeaseUsage {
    return {
      inodes: this.#inodes.size,
      leases: this.#ledger.registry.size,
      clients: this.#ledger.registry.clients,
      blockedFops: this.#backlog.blockedFops,
      queuedRequests: this.#backlog.queuedRequests,
      contendedInodes: this.#backlog.contendedInodes,
      trackedInodes: this.#ledger.tracked.size,
      deadLeases: this.#ledger.registry.deadLeases,
      deadlines: this.#ledger.deadlines.size,
    };
  }

  /** Takes another recall timeout over, in ms: it holds for recalls from now on, those under way keep their deadlines. */
  setRecallTimeout(recallTimeoutMs: LeaseOptions["recallTimeoutMs"]): void {
    this.#ledger.setRecallTimeout(recallTimeoutMs);
  }

  /** The effects since the last call, to be carried out in order; the array belongs to the caller. */
  takeEffects(): readonly LeaseEffect<Fop, Request>[] {
    return this.#ledger.takeEffects();
  }

  /**
   * The record of an inode, for the brick to keep beside its own record of it until
   * {@link forgetInode}; always the same one for a gfid.
   * @throws {@link LeaseError} `LEASE_LIMIT` when `inodesMax` records exist.
   */
  inode(gfid: Gfid): InodeLeases<Fop, Request> {
    let inode = this.#inodes.get(gfid);
    if (inode === undefined) {
      if (this.#inodes.size >= this.#inodesMax) {
        throw new LeaseError("LEASE_LIMIT", `${this.#inodes.size} inode records exist`);
      }
      inode = new InodeLeases(gfid);
      this.#inodes.set(gfid, inode);
    }
    inode.isKept = true;
    return inode;
  }

  /** The brick keeps the record no longer: it goes as soon as nothing runs, waits or is leased on it. */
  forgetInode(inode: InodeLeases<Fop, Request>): void {
    inode.isKept = false;
    this.#dropIfIdle(inode);
  }

  /**
   * The inode itself is gone from the brick: its leases end with reason `admin`, requests that wait are
   * refused with `LEASE_INODE_GONE`, blocked fops run and find it gone, its extents are forgotten, and its
   * record goes as with {@link forgetInode}.
   */
  removeInode(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    inode.isKept = false;
    this.#ledger.tracked.forget(inode.gfid);
    const error = new LeaseError("LEASE_INODE_GONE", `${inode.gfid} is gone`);
    for (const waiter of inode.waiting) {
      if (waiter.kind === "request") this.#takeBack(inode, waiter.lease, error);
    }
    this.revokeInode(inode, nowMs);
  }

  /**
   * Asks whether a fop may run on an inode. After `proceed`, and after the effect `resume`, the fop runs
   * until {@link finish}. A fop on several inodes asks for each, in ascending order of gfid: two fops then
   * never wait for each other.
   * @throws {@link LeaseError} `LEASE_REVOKED` (a {@link LeaseRevokedError}) when it names a lease-id that
   *   was revoked, or a lease-epoch not held; `LEASE_BACKLOG_FULL` when it would have to wait beyond
   *   `blockedFopsMax` or `blockedFopsTotalMax`.
   */
  admit(inode: InodeLeases<Fop, Request>, fop: Fop, nowMs: number): Admission {
    // The path of every fop on an inode without leases: nothing is looked up, nothing is allocated.
    if (inode.isFree && fop.leaseId === undefined && fop.leaseEpoch === undefined) {
      inode.enter(fop);
      return "proceed";
    }
    const refusal = this.#ledger.refusalOf(inode, fop);
    if (refusal !== undefined) throw refusal;
    const own = this.#ledger.ownLease(inode, fop);
    if (!inode.mustWait(fop, own)) {
      inode.enter(fop);
      this.#ledger.progress(inode, fop, nowMs);
      return "proceed";
    }
    if (!fop.isNonblocking) this.#backlog.checkFop(inode);
    for (const lease of inode.leasesAgainstFop(fop, own)) this.#ledger.recall(lease, nowMs);
    // Not an error: the recall has changed the state, and without it the client would try in vain.
    if (fop.isNonblocking) return "would-block";
    this.#backlog.add(inode, { kind: "fop", fop });
    return "blocked";
  }

  /** A fop that ran on the inode has ended, whatever its result. */
  finish(inode: InodeLeases<Fop, Request>, fop: Fop, nowMs: number): void {
    if (inode.leave(fop)) this.#settle(inode, nowMs);
    else if (!inode.isKept) this.#dropIfIdle(inode);
  }

  /**
   * LEASE SET: leads to one effect `grant`, `refuse` or `withdraw`, now or later. Scope `data` waits for
   * its turn; scope `open` waits for running fops only, and is refused with `LEASE_HELD` when a lease, an
   * open fd, a recall or a waiter is in the way. A lease-id that holds a lease of scope `open` here may ask
   * again, as in stock Gluster; it keeps its epoch, and each type is counted.
   * @throws {@link LeaseError} `LEASE_ID_INVALID` for an all-zero id, `LEASE_ID_IN_USE` when it holds or
   *   asks for another lease, `LEASE_REVOKED` when it was revoked, `LEASE_LIMIT` past `leasesMax` or
   *   `leasesPerInodeMax`, `LEASE_BACKLOG_FULL` past `queuedRequestsMax`.
   */
  request(inode: InodeLeases<Fop, Request>, request: Request, nowMs: number): void {
    const own = this.#leaseAskedAgain(inode, request);
    if (own === undefined) this.#ledger.checkRoom(inode, this.#backlog.queuedRequests);
    if (request.scope === "open" && isRefusedAtOnce(inode, request, own)) {
      this.#refuse(inode, request, nowMs);
      return;
    }
    if (own !== undefined) {
      this.#ledger.grantMore(own, request);
      return;
    }
    const { leaseId, client, scope, type } = request;
    const against = inode.leasesAgainst(type, undefined);
    const isAtOnce = inode.isDrained(type, scope) && against.length === 0 && inode.waiting.length === 0;
    if (!isAtOnce) this.#backlog.checkRequest();
    const lease = new Lease(leaseId, client, inode.gfid, scope);
    this.#ledger.registry.add(lease);
    if (isAtOnce) {
      inode.attach(lease);
      this.#ledger.grant(lease, request);
      return;
    }
    this.#backlog.add(inode, { kind: "request", request, lease });
    for (const holder of against) this.#ledger.recall(holder, nowMs);
  }

  /**
   * LEASE UNLOCK. An unlock of a request that still waits takes it back: its effect is `refuse`.
   * @throws {@link LeaseError} `LEASE_ID_INVALID` for an all-zero id; `LEASE_NOT_HELD` when another client
   *   holds the lease, it is a lease of another inode, or the type is not held.
   */
  unlock(inode: InodeLeases<Fop, Request>, unlock: LeaseUnlock, nowMs: number): UnlockOutcome {
    const { leaseId, client, leaseEpoch } = unlock;
    if (isNoLeaseId(leaseId)) throw new LeaseError("LEASE_ID_INVALID", "the lease-id is all zero");
    const lease = this.#ledger.registry.get(leaseId);
    const death = this.#ledger.registry.deathOf(client, leaseId);
    if (lease === undefined || death !== undefined) return this.#unlockOfNothing(unlock, death);
    if (lease.client !== client) throw new LeaseError("LEASE_NOT_HELD", `${leaseId} is another client's`);
    if (lease.gfid !== inode.gfid) throw new LeaseError("LEASE_NOT_HELD", `${leaseId} is of ${lease.gfid}`);
    if (!lease.isHeld) {
      const error = new LeaseError("LEASE_NOT_HELD", `the request for ${leaseId} was taken back`);
      this.#takeBack(inode, lease, error);
      this.#settle(inode, nowMs);
      return { type: "withdrawn" };
    }
    if (leaseEpoch !== undefined && leaseEpoch !== this.#ledger.epochOf(lease)) {
      return { type: "revoked", error: revokedError(leaseId, "not-held") };
    }
    if (!lease.remove(unlock.type)) throw new LeaseError("LEASE_NOT_HELD", `no ${unlock.type} lease`);
    if (lease.isEmpty) this.#ledger.end(inode, lease);
    this.#settle(inode, nowMs);
    return { type: "unlocked" };
  }

  /** LEASE GET: the types held on the inode, in any order, each once. */
  heldTypes(inode: InodeLeases<Fop, Request>): ReadonlySet<LeaseType> {
    const types = new Set<LeaseType>();
    for (const lease of inode.leases) {
      if (lease.readCount > 0) types.add("read");
      if (lease.readWriteCount > 0) types.add("read-write");
    }
    return types;
  }

  /** Time has come to `nowMs`: recalled leases whose deadline has passed are revoked. */
  tick(nowMs: number): void {
    const touched = new Set<InodeLeases<Fop, Request>>();
    for (const lease of this.#ledger.deadlines.takeDue(nowMs)) {
      touched.add(this.#revoke(lease, "recall-timeout"));
    }
    // Every revoke goes first: a resumed fop must find the old holders already fenced.
    for (const inode of touched) this.#settle(inode, nowMs);
  }

  /**
   * The client's connection is gone: its leases are revoked, its requests and blocked fops dropped, its
   * revoked lease-ids forgotten. Its fops that run go on, and end with {@link finish}.
   */
  disconnect(client: ClientUid, nowMs: number): void {
    const taken = this.#backlog.takeOf(client);
    for (const [inode, waiters] of taken) {
      for (const waiter of waiters) this.#dropWaiter(inode, waiter);
    }
    const touched = new Set(taken.keys());
    for (const lease of this.#ledger.registry.heldBy(client)) touched.add(this.#revoke(lease, "disconnect"));
    this.#ledger.registry.forgetClient(client);
    for (const inode of touched) this.#settle(inode, nowMs);
  }

  /** Ends all leases of an inode with reason `admin`; whoever waited goes on. */
  revokeInode(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    for (const lease of inode.leases) this.#revoke(lease, "admin");
    this.#settle(inode, nowMs);
  }

  /** Whether the client holds the lease, with that epoch, read-write and of scope `data`: what a commit rests on. */
  holdsExclusive(gfid: Gfid, client: ClientUid, leaseId: LeaseId, epoch: Epoch): boolean {
    const lease = this.#ledger.registry.get(leaseId);
    if (lease === undefined || !lease.isHeld || lease.client !== client || lease.gfid !== gfid) return false;
    return lease.scope === "data" && lease.readWriteCount > 0 && this.#ledger.epochOf(lease) === epoch;
  }

  /**
   * Marks bytes as modified at the current epoch; `length` is `Infinity` from a truncation on. To be called
   * when a modifying fop proceeds or resumes, before anything else is asked of the manager, with the bytes
   * that it may change: an append whose offset is not known yet marks from 0 or from the size.
   */
  markModified(gfid: Gfid, offset: number, length: number): void {
    this.#ledger.tracked.mark(gfid, offset, length, this.#ledger.epoch);
  }

  /**
   * The bytes modified at `epoch` or after it, sorted, neighbours merged, to be clipped to the size by the
   * caller; `"unknown"` when the inode was not tracked then.
   */
  extentsSince(gfid: Gfid, epoch: Epoch): readonly Extent[] | "unknown" {
    return this.#ledger.tracked.since(gfid, epoch);
  }

  /** How often an inode's extents were made coarser for want of room. */
  coarsenedExtents(gfid: Gfid): number {
    return this.#ledger.tracked.coarsened(gfid);
  }

  /** Nobody will ask for the inode's extents any more; the next lease of scope `data` starts anew. */
  forgetExtents(gfid: Gfid): void {
    this.#ledger.tracked.forget(gfid);
  }

  /** The lease that the request adds to, if its id holds one; throws when the id may not ask. */
  #leaseAskedAgain(inode: InodeLeases<Fop, Request>, request: Request): Lease | undefined {
    const { leaseId, client, scope } = request;
    if (isNoLeaseId(leaseId)) throw new LeaseError("LEASE_ID_INVALID", "the lease-id is all zero");
    const death = this.#ledger.registry.deathOf(client, leaseId);
    if (death !== undefined) throw revokedError(leaseId, death);
    const own = this.#ledger.registry.get(leaseId);
    if (own === undefined) return undefined;
    const mayAskAgain = own.isHeld && own.client === client && own.gfid === inode.gfid;
    if (mayAskAgain && own.scope === "open" && scope === "open") return own;
    throw new LeaseError("LEASE_ID_IN_USE", `${leaseId} stands for a lease of ${own.gfid}`);
  }

  #refuse(inode: InodeLeases<Fop, Request>, request: Request, nowMs: number): void {
    const error = new LeaseError("LEASE_HELD", `${inode.leaseCount} leases on ${inode.gfid}`);
    this.#ledger.emit({ type: "refuse", request, gfid: inode.gfid, error });
    for (const lease of recalledByRefusal(inode, request)) this.#ledger.recall(lease, nowMs);
  }

  #unlockOfNothing(unlock: LeaseUnlock, death: RevokeReason | undefined): UnlockOutcome {
    const { client, leaseId, leaseEpoch } = unlock;
    const { registry } = this.#ledger;
    if (death !== undefined) {
      registry.forgetDeath(client, leaseId);
      return { type: "revoked", error: revokedError(leaseId, death) };
    }
    if (leaseEpoch === undefined && registry.knowsAllDeaths(client)) return { type: "not-held" };
    return { type: "revoked", error: revokedError(leaseId, "not-held") };
  }

  #takeBack(inode: InodeLeases<Fop, Request>, lease: Lease, error: LeaseError): void {
    const request = this.#backlog.takeRequest(inode, lease);
    invariant(request !== undefined, "a lease that is not held waits in the queue of its inode");
    this.#ledger.forget(lease);
    this.#ledger.emit({ type: "refuse", request, gfid: inode.gfid, error });
  }

  #dropWaiter(inode: InodeLeases<Fop, Request>, waiter: Waiter<Fop, Request>): void {
    const { gfid } = inode;
    if (waiter.kind === "fop") {
      this.#ledger.emit({ type: "drop", fop: waiter.fop, gfid });
    } else {
      this.#ledger.forget(waiter.lease);
      this.#ledger.emit({ type: "withdraw", request: waiter.request, gfid });
    }
  }

  #revoke(lease: Lease, reason: RevokeReason): InodeLeases<Fop, Request> {
    const inode = this.#inodes.get(lease.gfid);
    invariant(inode !== undefined, "an inode with a lease has a record");
    this.#ledger.revoke(inode, lease, reason);
    return inode;
  }

  #settle(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    inode.settle(this.#host, nowMs);
    this.#backlog.settled(inode);
    this.#dropIfIdle(inode);
  }

  #dropIfIdle(inode: InodeLeases<Fop, Request>): void {
    if (inode.isKept || !inode.isIdle) return;
    // A fop that no grant waits for may end on a record that was given up, when there is another one of that gfid.
    if (this.#inodes.get(inode.gfid) === inode) this.#inodes.delete(inode.gfid);
  }
}

/**
 * The leases of a brick.
 * @param options see {@link leaseOptions}.
 * @param firstEpoch more than every epoch of earlier starts: the boot count, shifted left by 32 bits.
 * @throws ZodError when the options do not parse.
 */
export function createLeaseManager<
  Fop extends GatedFop = GatedFop,
  Request extends LeaseRequest = LeaseRequest,
>(options: LeaseOptionsInput, firstEpoch: Epoch): LeaseManager<Fop, Request> {
  return new LeaseManager(leaseOptions.parse(options), firstEpoch);
}
