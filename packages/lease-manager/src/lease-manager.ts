import { type ClientUid, type Epoch, type Gfid, invariant, LeaseError, type LeaseId } from "@brickshift/wire";
import { gateRows, type LeaseType } from "./conflict-table.js";
import { type InodeHost, InodeLeases, isNoLeaseId, type Waiter } from "./inode-leases.js";
import { Lease } from "./lease.js";
import type {
  Admission,
  GatedFop,
  LeaseEffect,
  LeaseName,
  LeaseRequest,
  LeaseUnlock,
  UnlockOutcome,
} from "./lease-effect.js";
import { LeaseRegistry } from "./lease-registry.js";
import { LeaseRevokedError, type LeaseState, type RevokeReason } from "./lease-revoked-error.js";
import type { Extent } from "./modified-extents.js";
import { type LeaseOptions, leaseOptions, type LeaseOptionsInput } from "./options.js";
import { extendRecall, RecallDeadlines, startRecall } from "./recall-deadline.js";
import { isRefusedAtOnce, recalledByRefusal } from "./stock-rules.js";
import { TrackedInodes } from "./tracked-inodes.js";

/** How much of what is bounded is in use. */
export interface LeaseUsage {
  readonly inodes: number;
  /** Leases held and asked for. */
  readonly leases: number;
  /** Clients that have leases, or have yet to hear of a revoked one. */
  readonly clients: number;
  readonly blockedFops: number;
  readonly queuedRequests: number;
  readonly trackedInodes: number;
  readonly deadLeases: number;
  /** Entries of the recall clock; those of leases that ended go when their time comes. */
  readonly deadlines: number;
}

const noEffects: readonly never[] = Object.freeze([]);

/**
 * The leases of one brick: a state machine without I/O, clock or chance. Methods that may change who waits
 * leave their consequences as effects, which the caller takes with {@link takeEffects} after every call
 * and carries out in order. A method that throws has changed nothing.
 *
 * `nowMs` is monotonic milliseconds and never goes back.
 */
export class LeaseManager<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest> {
  readonly #options: LeaseOptions;
  readonly #inodes = new Map<Gfid, InodeLeases<Fop, Request>>();
  readonly #registry: LeaseRegistry;
  readonly #contended = new Set<InodeLeases<Fop, Request>>();
  readonly #deadlines = new RecallDeadlines();
  readonly #tracked: TrackedInodes;
  #epoch: Epoch;
  #grants = 0;
  #blockedFops = 0;
  #queuedRequests = 0;
  #nowMs = 0;
  #effects: LeaseEffect<Fop, Request>[] = [];
  readonly #host: InodeHost<Fop, Request>;

  constructor(options: LeaseOptions, firstEpoch: Epoch) {
    this.#options = options;
    this.#epoch = firstEpoch;
    this.#registry = new LeaseRegistry(options.deadLeasesMax);
    this.#tracked = new TrackedInodes(options.trackedInodesMax, options.extentsMax);
    this.#host = {
      ownLease: (inode, fop) => this.#ownLease(inode, fop),
      refusalOf: (inode, fop) => this.#refusalOf(inode, fop),
      resumed: (inode, fop) => {
        this.#blockedFops -= 1;
        this.#progress(inode, fop);
        this.#effects.push({ type: "resume", fop, gfid: inode.gfid });
      },
      rejected: (inode, fop, error) => {
        this.#blockedFops -= 1;
        this.#effects.push({ type: "reject", fop, gfid: inode.gfid, error });
      },
      granted: (lease, request) => {
        this.#queuedRequests -= 1;
        this.#granted(lease, request);
      },
      recall: (lease) => this.#recall(lease),
    };
  }

  /** The epoch of the last grant, or the first epoch given when there was none: what a modification is marked with. */
  get currentEpoch(): Epoch {
    return this.#epoch;
  }

  /** Monotonic instant, in ms, at which a {@link tick} is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  get usage(): LeaseUsage {
    return {
      inodes: this.#inodes.size,
      leases: this.#registry.size,
      clients: this.#registry.clients,
      blockedFops: this.#blockedFops,
      queuedRequests: this.#queuedRequests,
      trackedInodes: this.#tracked.size,
      deadLeases: this.#registry.deadLeases,
      deadlines: this.#deadlines.size,
    };
  }

  /** The effects since the last call, to be carried out in order; the array belongs to the caller. */
  takeEffects(): readonly LeaseEffect<Fop, Request>[] {
    if (this.#effects.length === 0) return noEffects;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /**
   * The record of an inode, for the brick to keep beside its own record of it until
   * {@link forgetInode}; always the same one for a gfid.
   * @throws {@link LeaseError} `LEASE_LIMIT` when `inodesMax` records exist.
   */
  inode(gfid: Gfid): InodeLeases<Fop, Request> {
    let inode = this.#inodes.get(gfid);
    if (inode === undefined) {
      if (this.#inodes.size >= this.#options.inodesMax) {
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
   * The inode itself is gone from the brick: its leases end with reason `admin`, its extents are forgotten,
   * whoever waited runs and finds it gone, and its record goes as with {@link forgetInode}.
   */
  removeInode(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    this.#tracked.forget(inode.gfid);
    inode.isKept = false;
    this.revokeInode(inode, nowMs);
    this.#tracked.forget(inode.gfid);
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
    this.#nowMs = nowMs;
    const refusal = this.#refusalOf(inode, fop);
    if (refusal !== undefined) throw refusal;
    const own = this.#ownLease(inode, fop);
    if (!inode.mustWait(fop, own)) {
      inode.enter(fop);
      this.#progress(inode, fop);
      return "proceed";
    }
    if (!fop.isNonblocking) this.#checkBacklog(inode);
    for (const lease of inode.leasesAgainstFop(fop, own)) this.#recall(lease);
    // Not an error: the recall has changed the state, and without it the client would try in vain.
    if (fop.isNonblocking) return "would-block";
    inode.enqueue({ kind: "fop", fop });
    this.#blockedFops += 1;
    this.#contended.add(inode);
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
    this.#nowMs = nowMs;
    const { leaseId, client, scope, type } = request;
    const own = this.#checkRequest(inode, request);
    if (scope === "open" && isRefusedAtOnce(inode, request, own)) {
      this.#refuse(inode, request);
      return;
    }
    if (own !== undefined) {
      own.add(type);
      this.#effects.push({ type: "grant", request, ...nameOf(own) });
      return;
    }
    const against = inode.leasesAgainst(type, undefined);
    const isAtOnce = inode.isDrained(type, scope) && against.length === 0 && inode.waiting.length === 0;
    if (!isAtOnce && this.#queuedRequests >= this.#options.queuedRequestsMax) {
      throw new LeaseError("LEASE_BACKLOG_FULL", `${this.#queuedRequests} lease requests wait`);
    }
    const lease = new Lease(leaseId, client, inode.gfid, scope);
    this.#registry.add(lease);
    if (isAtOnce) {
      inode.attach(lease);
      this.#granted(lease, request);
      return;
    }
    inode.enqueue({ kind: "request", request, lease });
    this.#queuedRequests += 1;
    this.#contended.add(inode);
    for (const holder of against) this.#recall(holder);
  }

  /**
   * LEASE UNLOCK. An unlock of a request that still waits takes it back: its effect is `refuse`.
   * @throws {@link LeaseError} `LEASE_ID_INVALID` for an all-zero id; `LEASE_NOT_HELD` when another client
   *   holds the lease, it is a lease of another inode, or the type is not held.
   */
  unlock(inode: InodeLeases<Fop, Request>, unlock: LeaseUnlock, nowMs: number): UnlockOutcome {
    const { leaseId, client, leaseEpoch } = unlock;
    if (isNoLeaseId(leaseId)) throw new LeaseError("LEASE_ID_INVALID", "the lease-id is all zero");
    const lease = this.#registry.get(leaseId);
    const death = this.#registry.deathOf(client, leaseId);
    if (lease === undefined || death !== undefined) return this.#unlockOfNothing(unlock, death);
    if (lease.client !== client) throw new LeaseError("LEASE_NOT_HELD", `${leaseId} is another client's`);
    if (lease.gfid !== inode.gfid) throw new LeaseError("LEASE_NOT_HELD", `${leaseId} is of ${lease.gfid}`);
    if (!lease.isHeld) {
      this.#withdrawRequest(inode, lease, nowMs);
      return { type: "withdrawn" };
    }
    if (leaseEpoch !== undefined && leaseEpoch !== lease.epoch) {
      return { type: "revoked", error: revokedError(leaseId, "not-held") };
    }
    if (!lease.remove(unlock.type)) throw new LeaseError("LEASE_NOT_HELD", `no ${unlock.type} lease`);
    if (lease.isEmpty) this.#end(inode, lease);
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
    this.#nowMs = nowMs;
    const due = this.#deadlines.takeDue(nowMs);
    this.#revokeAll(due, "recall-timeout", nowMs);
  }

  /**
   * The client's connection is gone: its leases are revoked, its requests and blocked fops dropped, its
   * revoked lease-ids forgotten. Its fops that run go on, and end with {@link finish}.
   */
  disconnect(client: ClientUid, nowMs: number): void {
    const touched = this.#dropWaitersOf(client);
    for (const lease of this.#registry.heldBy(client)) touched.add(this.#revoke(lease, "disconnect"));
    this.#registry.forgetClient(client);
    for (const inode of touched) this.#settle(inode, nowMs);
  }

  /** Ends all leases of an inode with reason `admin`. */
  revokeInode(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    this.#revokeAll([...inode.leases], "admin", nowMs);
    this.#dropIfIdle(inode);
  }

  /** Whether the client holds the lease, with that epoch, read-write and of scope `data`: what a commit rests on. */
  holdsExclusive(gfid: Gfid, client: ClientUid, leaseId: LeaseId, epoch: Epoch): boolean {
    const lease = this.#registry.get(leaseId);
    if (lease === undefined || !lease.isHeld || lease.client !== client || lease.gfid !== gfid) return false;
    return lease.scope === "data" && lease.readWriteCount > 0 && lease.epoch === epoch;
  }

  /**
   * Marks bytes as modified at the current epoch; `length` is `Infinity` from a truncation on. To be called
   * when a modifying fop proceeds or resumes, before anything else is asked of the manager, with the bytes
   * that it may change: an append whose offset is not known yet marks from 0 or from the size.
   */
  markModified(gfid: Gfid, offset: number, length: number): void {
    this.#tracked.mark(gfid, offset, length, this.#epoch);
  }

  /**
   * The bytes modified at `epoch` or after it, sorted, neighbours merged, to be clipped to the size by the
   * caller; `"unknown"` when the inode was not tracked then.
   */
  extentsSince(gfid: Gfid, epoch: Epoch): readonly Extent[] | "unknown" {
    return this.#tracked.since(gfid, epoch);
  }

  /** How often an inode's extents were made coarser for want of room. */
  coarsenedExtents(gfid: Gfid): number {
    return this.#tracked.coarsened(gfid);
  }

  /** Nobody will ask for the inode's extents any more; the next lease of scope `data` starts anew. */
  forgetExtents(gfid: Gfid): void {
    this.#tracked.forget(gfid);
  }

  #ownLease(inode: InodeLeases<Fop, Request>, fop: Fop): Lease | undefined {
    if (fop.leaseId === undefined) return undefined;
    const lease = this.#registry.get(fop.leaseId);
    const isOwn = lease?.isHeld === true && lease.client === fop.client && lease.gfid === inode.gfid;
    return isOwn ? lease : undefined;
  }

  #refusalOf(inode: InodeLeases<Fop, Request>, fop: Fop): LeaseError | undefined {
    const { leaseId, leaseEpoch, client } = fop;
    // To refuse to take a resource back would only lose the resource.
    if (gateRows[fop.gate].data === "housekeeping") return undefined;
    const death = leaseId === undefined ? undefined : this.#registry.deathOf(client, leaseId);
    if (leaseEpoch !== undefined && this.#ownLease(inode, fop)?.epoch !== leaseEpoch) {
      return revokedError(leaseId, death ?? "not-held");
    }
    return death === undefined ? undefined : revokedError(leaseId, death);
  }

  #progress(inode: InodeLeases<Fop, Request>, fop: Fop): void {
    const own = this.#ownLease(inode, fop);
    if (own?.isRecalled === true) extendRecall(own, this.#options, this.#nowMs);
  }

  #checkBacklog(inode: InodeLeases<Fop, Request>): void {
    if (inode.blockedFops >= this.#options.blockedFopsMax) {
      throw new LeaseError("LEASE_BACKLOG_FULL", `${inode.blockedFops} fops wait on ${inode.gfid}`);
    }
    if (this.#blockedFops >= this.#options.blockedFopsTotalMax) {
      throw new LeaseError("LEASE_BACKLOG_FULL", `${this.#blockedFops} fops wait on the brick`);
    }
  }

  /** Returns the lease that the request adds to, if its id holds one; throws when it may not ask at all. */
  #checkRequest(inode: InodeLeases<Fop, Request>, request: Request): Lease | undefined {
    const { leaseId, client, scope } = request;
    if (isNoLeaseId(leaseId)) throw new LeaseError("LEASE_ID_INVALID", "the lease-id is all zero");
    const death = this.#registry.deathOf(client, leaseId);
    if (death !== undefined) throw revokedError(leaseId, death);
    const own = this.#registry.get(leaseId);
    if (own !== undefined) {
      const mayAskAgain = own.isHeld && own.client === client && own.gfid === inode.gfid;
      if (mayAskAgain && own.scope === "open" && scope === "open") return own;
      throw new LeaseError("LEASE_ID_IN_USE", `${leaseId} stands for a lease of ${own.gfid}`);
    }
    const requests = inode.waiting.length - inode.blockedFops;
    if (inode.leases.length + requests >= this.#options.leasesPerInodeMax) {
      throw new LeaseError("LEASE_LIMIT", `${inode.leases.length} leases on ${inode.gfid}`);
    }
    if (this.#registry.size >= this.#options.leasesMax) {
      throw new LeaseError("LEASE_LIMIT", `${this.#registry.size} leases on the brick`);
    }
    if (this.#grants + this.#queuedRequests >= this.#options.grantsMax) {
      throw new LeaseError("LEASE_LIMIT", `${this.#grants} leases granted since the start`);
    }
    return undefined;
  }

  #refuse(inode: InodeLeases<Fop, Request>, request: Request): void {
    const error = new LeaseError("LEASE_HELD", `${inode.leases.length} leases on ${inode.gfid}`);
    this.#effects.push({ type: "refuse", request, gfid: inode.gfid, error });
    for (const lease of recalledByRefusal(inode, request)) this.#recall(lease);
  }

  #granted(lease: Lease, request: Request): void {
    this.#grants += 1;
    this.#epoch = (this.#epoch + 1n) as Epoch;
    lease.epoch = this.#epoch;
    lease.add(request.type);
    if (lease.scope === "data") this.#tracked.track(lease.gfid, lease.epoch);
    this.#effects.push({ type: "grant", request, ...nameOf(lease) });
  }

  #recall(lease: Lease): void {
    if (lease.isRecalled) return;
    startRecall(lease, this.#options, this.#nowMs);
    this.#deadlines.add(lease);
    const deadlineMs = lease.deadlineMs === Infinity ? undefined : lease.deadlineMs;
    this.#effects.push({ type: "recall", deadlineMs, ...nameOf(lease) });
  }

  #unlockOfNothing(unlock: LeaseUnlock, death: RevokeReason | undefined): UnlockOutcome {
    const { client, leaseId, leaseEpoch } = unlock;
    if (death !== undefined) {
      this.#registry.forgetDeath(client, leaseId);
      return { type: "revoked", error: revokedError(leaseId, death) };
    }
    if (leaseEpoch === undefined && this.#registry.knowsAllDeaths(client)) return { type: "not-held" };
    return { type: "revoked", error: revokedError(leaseId, "not-held") };
  }

  #withdrawRequest(inode: InodeLeases<Fop, Request>, lease: Lease, nowMs: number): void {
    const error = new LeaseError("LEASE_NOT_HELD", `the request for ${lease.id} was taken back`);
    for (const waiter of inode.dequeue((waiter) => waiter.kind === "request" && waiter.lease === lease)) {
      if (waiter.kind !== "request") continue;
      this.#forgetRequest(waiter.lease);
      this.#effects.push({ type: "refuse", request: waiter.request, gfid: inode.gfid, error });
    }
    this.#settle(inode, nowMs);
  }

  /** Takes the client's fops and requests out of all queues; returns the inodes whose queues changed. */
  #dropWaitersOf(client: ClientUid): Set<InodeLeases<Fop, Request>> {
    const touched = new Set<InodeLeases<Fop, Request>>();
    for (const inode of this.#contended) {
      const gone = inode.dequeue((waiter) => ownerOf(waiter) === client);
      if (gone.length > 0) touched.add(inode);
      for (const waiter of gone) {
        if (waiter.kind === "fop") {
          this.#blockedFops -= 1;
          this.#effects.push({ type: "drop", fop: waiter.fop, gfid: inode.gfid });
        } else {
          this.#forgetRequest(waiter.lease);
          this.#effects.push({ type: "withdraw", request: waiter.request, gfid: inode.gfid });
        }
      }
    }
    return touched;
  }

  #forgetRequest(lease: Lease): void {
    this.#queuedRequests -= 1;
    lease.hasEnded = true;
    this.#registry.remove(lease);
  }

  #revokeAll(leases: readonly Lease[], reason: RevokeReason, nowMs: number): void {
    const touched = new Set<InodeLeases<Fop, Request>>();
    for (const lease of leases) touched.add(this.#revoke(lease, reason));
    // Every revoke goes first: a resumed fop must find the old holders already fenced.
    for (const inode of touched) this.#settle(inode, nowMs);
  }

  #revoke(lease: Lease, reason: RevokeReason): InodeLeases<Fop, Request> {
    const inode = this.#inodes.get(lease.gfid);
    invariant(inode !== undefined, "an inode with a lease has a record");
    this.#effects.push({ type: "revoke", reason, ...nameOf(lease) });
    this.#registry.bury(lease, reason);
    this.#end(inode, lease);
    return inode;
  }

  #end(inode: InodeLeases<Fop, Request>, lease: Lease): void {
    lease.hasEnded = true;
    inode.detach(lease);
    this.#registry.remove(lease);
  }

  #settle(inode: InodeLeases<Fop, Request>, nowMs: number): void {
    this.#nowMs = nowMs;
    inode.settle(this.#host);
    if (inode.waiting.length === 0) this.#contended.delete(inode);
    this.#dropIfIdle(inode);
  }

  #dropIfIdle(inode: InodeLeases<Fop, Request>): void {
    if (!inode.isKept && inode.isIdle) this.#inodes.delete(inode.gfid);
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

function nameOf(lease: Lease): LeaseName {
  return { gfid: lease.gfid, client: lease.client, leaseId: lease.id, epoch: lease.epoch };
}

function ownerOf(waiter: Waiter<GatedFop, LeaseRequest>): ClientUid {
  return waiter.kind === "fop" ? waiter.fop.client : waiter.request.client;
}

function revokedError(leaseId: LeaseId | undefined, state: LeaseState): LeaseRevokedError {
  return new LeaseRevokedError(state, `lease ${leaseId ?? "without an id"}: ${state}`);
}
