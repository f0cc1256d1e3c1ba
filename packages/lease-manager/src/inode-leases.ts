import { type Gfid, invariant, type LeaseError, type LeaseId } from "@brickshift/wire";
import { type FopRelation, gateRows, leasesConflict, type LeaseType, verdict } from "./conflict-table.js";
import type { Lease } from "./lease.js";
import type { GatedFop, LeaseRequest } from "./lease-effect.js";

/** Who waits on an inode, in order of arrival: a blocked fop, or a request for a lease. */
export type Waiter<Fop extends GatedFop, Request extends LeaseRequest> =
  | { readonly kind: "fop"; readonly fop: Fop }
  | { readonly kind: "request"; readonly request: Request; readonly lease: Lease };

/** What an inode needs of the brick's lease manager when its waiters move on. */
export interface InodeHost<Fop extends GatedFop, Request extends LeaseRequest> {
  /** The lease of this inode that the fop names and its client holds. */
  ownLease(inode: InodeLeases<Fop, Request>, fop: Fop): Lease | undefined;
  /** Why a fop that waited may not run any more. */
  refusalOf(inode: InodeLeases<Fop, Request>, fop: Fop): LeaseError | undefined;
  /** The fop has left the queue and runs. */
  resumed(inode: InodeLeases<Fop, Request>, fop: Fop, nowMs: number): void;
  /** The fop has left the queue and never runs. */
  rejected(inode: InodeLeases<Fop, Request>, fop: Fop, error: LeaseError): void;
  /** The request has left the queue and its lease is attached to the inode. */
  granted(lease: Lease, request: Request): void;
  /** Somebody waits for the lease: recall it, unless it is already. */
  recall(lease: Lease, nowMs: number): void;
}

// Shared by all inodes with nothing in them, to save memory; frozen, so never written to by mistake.
const nobody = Object.freeze<never[]>([]) as never[];
const noLeaseId = "0".repeat(32) as LeaseId;

/** Whether the text is 16 zero bytes, which stands for no lease-id at all. */
export function isNoLeaseId(leaseId: LeaseId): boolean {
  return leaseId === noLeaseId;
}

/**
 * The leases, the running fops and the queue of one inode. While nobody holds or wants a lease, all it
 * does is to count running fops, which is what a later grant has to drain.
 *
 * One queue holds fops and requests in order of arrival. A fop waits for the leases held and the requests
 * ahead of it; a request waits for everybody ahead of it, then for the leases held, then for the running
 * fops. So a request cannot overtake fops that were blocked before it, and no fop can overtake a request.
 */
export class InodeLeases<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest> {
  readonly gfid: Gfid;
  /** The brick keeps this record; see `LeaseManager.forgetInode`. */
  isKept = true;
  // The first of a list through `Lease.next`, in order of their grants.
  #first: Lease | undefined = undefined;
  #waiting: Waiter<Fop, Request>[] = nobody;
  #blockedFops = 0;
  #modifying = 0;
  // Counted apart: under scope `open` internal fops are exempt, and a grant must not wait for fops that
  // keep coming while it waits.
  #modifyingInternal = 0;
  #observing = 0;

  constructor(gfid: Gfid) {
    this.gfid = gfid;
  }

  /** Nobody holds or wants a lease here: every fop may run. */
  get isFree(): boolean {
    return this.#first === undefined && this.#waiting.length === 0;
  }

  /** Free and nothing runs: the record says nothing that a new one would not say. */
  get isIdle(): boolean {
    return this.isFree && this.#modifying === 0 && this.#modifyingInternal === 0 && this.#observing === 0;
  }

  /** The leases held, in order of their grants. */
  get leases(): readonly Lease[] {
    return this.#leasesThat(() => true);
  }

  get leaseCount(): number {
    let count = 0;
    for (let lease = this.#first; lease !== undefined; lease = lease.next) count += 1;
    return count;
  }

  get waiting(): readonly Waiter<Fop, Request>[] {
    return this.#waiting;
  }

  get blockedFops(): number {
    return this.#blockedFops;
  }

  /** Counts a fop that starts to run. Housekeeping is not drained, so not counted. */
  enter(fop: Fop): void {
    this.#count(fop, 1);
  }

  /** A fop has ended. Returns whether somebody may now go on: only a request at the head waits for that. */
  leave(fop: Fop): boolean {
    this.#count(fop, -1);
    const head = this.#waiting[0];
    return head?.kind === "request" && this.#isGrantable(head.request);
  }

  /** Whether the fop has to wait; `own` is the lease held that it names. */
  mustWait(fop: Fop, own: Lease | undefined): boolean {
    return this.#waitsForLease(fop, own) || this.#waitsForRequest(fop, own, this.#waiting);
  }

  /** The leases held that a fop waits for. */
  leasesAgainstFop(fop: Fop, own: Lease | undefined): Lease[] {
    const relation = relationOf(fop);
    return this.#leasesThat(
      (lease) => verdict(fop.gate, lease === own ? "own" : relation, lease.type, lease.scope) === "wait",
    );
  }

  /** The leases held that a lease of that type, for the holder of `own`, has to wait for. */
  leasesAgainst(type: LeaseType, own: Lease | undefined): Lease[] {
    return this.#leasesThat((lease) => lease !== own && leasesConflict(type, lease.type));
  }

  /** Whether nothing runs that a grant of the lease has to drain. */
  isDrained(type: LeaseType, scope: Lease["scope"]): boolean {
    if (this.#modifying > 0 || (scope === "data" && this.#modifyingInternal > 0)) return false;
    return type === "read" || this.#observing === 0;
  }

  /** Puts a fop or a request at the end of the queue. */
  enqueue(waiter: Waiter<Fop, Request>): void {
    if (waiter.kind === "fop") this.#blockedFops += 1;
    if (this.#waiting === nobody) this.#waiting = [waiter];
    else this.#waiting.push(waiter);
  }

  /** Removes the waiters that `leaves` says, in order, and returns them. */
  dequeue(leaves: (waiter: Waiter<Fop, Request>) => boolean): Waiter<Fop, Request>[] {
    const left: Waiter<Fop, Request>[] = [];
    const rest: Waiter<Fop, Request>[] = [];
    for (const waiter of this.#waiting) (leaves(waiter) ? left : rest).push(waiter);
    if (left.length > 0) this.#keepWaiting(rest);
    return left;
  }

  attach(lease: Lease): void {
    let last = this.#first;
    while (last?.next !== undefined) last = last.next;
    if (last === undefined) this.#first = lease;
    else last.next = lease;
  }

  detach(lease: Lease): void {
    let before: Lease | undefined;
    let found = this.#first;
    while (found !== undefined && found !== lease) [before, found] = [found, found.next];
    invariant(found !== undefined, "a lease that ends is attached to its inode");
    if (before === undefined) this.#first = lease.next;
    else before.next = lease.next;
    lease.next = undefined;
  }

  /** Lets everybody go on who can, in order of arrival, and recalls what the others wait for. */
  settle(host: InodeHost<Fop, Request>, nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    const still: Waiter<Fop, Request>[] = [];
    for (const waiter of waiting) {
      const goesOn =
        waiter.kind === "fop"
          ? this.#tryFop(waiter.fop, still, host, nowMs)
          : this.#tryRequest(waiter, still, host);
      if (!goesOn) still.push(waiter);
    }
    if (still.length < waiting.length) this.#keepWaiting(still);
    // A lease granted just now may be in the way of those behind it: its holder must hear of them.
    if (still.length === 0) return;
    for (const lease of this.leases) {
      if (!lease.isRecalled && still.some((waiter) => this.#isInTheWay(lease, waiter, host)))
        host.recall(lease, nowMs);
    }
  }

  #tryFop(
    fop: Fop,
    ahead: readonly Waiter<Fop, Request>[],
    host: InodeHost<Fop, Request>,
    nowMs: number,
  ): boolean {
    const refusal = host.refusalOf(this, fop);
    if (refusal !== undefined) {
      host.rejected(this, fop, refusal);
      return true;
    }
    const own = host.ownLease(this, fop);
    if (this.#waitsForLease(fop, own) || this.#waitsForRequest(fop, own, ahead)) return false;
    this.enter(fop);
    host.resumed(this, fop, nowMs);
    return true;
  }

  #tryRequest(
    waiter: Extract<Waiter<Fop, Request>, { kind: "request" }>,
    ahead: readonly Waiter<Fop, Request>[],
    host: InodeHost<Fop, Request>,
  ): boolean {
    const { request, lease } = waiter;
    if (ahead.length > 0 || !this.#isGrantable(request)) return false;
    this.attach(lease);
    host.granted(lease, request);
    return true;
  }

  #isGrantable({ type, scope }: LeaseRequest): boolean {
    if (!this.isDrained(type, scope)) return false;
    for (let lease = this.#first; lease !== undefined; lease = lease.next) {
      if (leasesConflict(type, lease.type)) return false;
    }
    return true;
  }

  #isInTheWay(lease: Lease, waiter: Waiter<Fop, Request>, host: InodeHost<Fop, Request>): boolean {
    if (waiter.kind === "request") return leasesConflict(waiter.request.type, lease.type);
    const relation = host.ownLease(this, waiter.fop) === lease ? "own" : relationOf(waiter.fop);
    return verdict(waiter.fop.gate, relation, lease.type, lease.scope) === "wait";
  }

  #waitsForLease(fop: Fop, own: Lease | undefined): boolean {
    const relation = relationOf(fop);
    for (let lease = this.#first; lease !== undefined; lease = lease.next) {
      if (verdict(fop.gate, lease === own ? "own" : relation, lease.type, lease.scope) === "wait")
        return true;
    }
    return false;
  }

  #waitsForRequest(fop: Fop, own: Lease | undefined, ahead: readonly Waiter<Fop, Request>[]): boolean {
    // A recalled holder needs its fops to come to an end, and those who wait need it to.
    if (own?.isRecalled === true) return false;
    const relation = relationOf(fop);
    for (const waiter of ahead) {
      if (waiter.kind === "fop") continue;
      const { type, scope } = waiter.request;
      if (verdict(fop.gate, relation, type, scope) === "wait") return true;
    }
    return false;
  }

  #leasesThat(isMeant: (lease: Lease) => boolean): Lease[] {
    const leases: Lease[] = [];
    for (let lease = this.#first; lease !== undefined; lease = lease.next) {
      if (isMeant(lease)) leases.push(lease);
    }
    return leases;
  }

  #keepWaiting(waiting: Waiter<Fop, Request>[]): void {
    this.#waiting = waiting.length === 0 ? nobody : waiting;
    this.#blockedFops = waiting.reduce((sum, waiter) => sum + (waiter.kind === "fop" ? 1 : 0), 0);
  }

  #count(fop: Fop, by: 1 | -1): void {
    switch (gateRows[fop.gate].data) {
      case "housekeeping":
        return;
      case "observes":
        if (fop.isInternal) return;
        this.#observing += by;
        invariant(this.#observing >= 0, "a fop is finished once");
        return;
      case "modifies":
        if (fop.isInternal) this.#modifyingInternal += by;
        else this.#modifying += by;
        invariant(this.#modifying >= 0 && this.#modifyingInternal >= 0, "a fop is finished once");
    }
  }
}

/** What a fop is to a lease that is not its own. */
function relationOf(fop: GatedFop): Exclude<FopRelation, "own"> {
  if (fop.isInternal) return "internal";
  return fop.leaseId === undefined || isNoLeaseId(fop.leaseId) ? "none" : "other";
}
