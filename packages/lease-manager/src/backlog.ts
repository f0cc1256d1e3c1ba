import { type ClientUid, LeaseError } from "@brickshift/wire";
import type { InodeLeases, Waiter } from "./inode-leases.js";
import type { Lease } from "./lease.js";
import type { GatedFop, LeaseRequest } from "./lease-effect.js";
import type { LeaseOptions } from "./options.js";

/** Everybody who waits on the brick: how many, on which inodes, and how many may. */
export class Backlog<Fop extends GatedFop, Request extends LeaseRequest> {
  readonly #options: LeaseOptions;
  readonly #contended = new Set<InodeLeases<Fop, Request>>();
  #blockedFops = 0;
  #queuedRequests = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  get blockedFops(): number {
    return this.#blockedFops;
  }

  get queuedRequests(): number {
    return this.#queuedRequests;
  }

  /** Inodes on which somebody waits. */
  get contendedInodes(): number {
    return this.#contended.size;
  }

  /** @throws {@link LeaseError} `LEASE_BACKLOG_FULL` when no fop more may wait on the inode. */
  checkFop(inode: InodeLeases<Fop, Request>): void {
    if (inode.blockedFops >= this.#options.blockedFopsMax) {
      throw new LeaseError("LEASE_BACKLOG_FULL", `${inode.blockedFops} fops wait on ${inode.gfid}`);
    }
    if (this.#blockedFops >= this.#options.blockedFopsTotalMax) {
      throw new LeaseError("LEASE_BACKLOG_FULL", `${this.#blockedFops} fops wait on the brick`);
    }
  }

  /** @throws {@link LeaseError} `LEASE_BACKLOG_FULL` when no lease request more may wait. */
  checkRequest(): void {
    if (this.#queuedRequests < this.#options.queuedRequestsMax) return;
    throw new LeaseError("LEASE_BACKLOG_FULL", `${this.#queuedRequests} lease requests wait`);
  }

  /** Puts a fop or a request at the end of the inode's queue. */
  add(inode: InodeLeases<Fop, Request>, waiter: Waiter<Fop, Request>): void {
    inode.enqueue(waiter);
    this.#count(waiter.kind, 1);
    this.#contended.add(inode);
  }

  /** A waiter has left the queue of an inode, whichever way. */
  left(kind: "fop" | "request"): void {
    this.#count(kind, -1);
  }

  /** The inode's queue has been looked through; it may be empty now. */
  settled(inode: InodeLeases<Fop, Request>): void {
    if (inode.waiting.length === 0) this.#contended.delete(inode);
  }

  /** Takes the request for `lease` out of the inode's queue. */
  takeRequest(inode: InodeLeases<Fop, Request>, lease: Lease): Request | undefined {
    const [waiter] = inode.dequeue((waiter) => waiter.kind === "request" && waiter.lease === lease);
    if (waiter?.kind !== "request") return undefined;
    this.left("request");
    return waiter.request;
  }

  /** Takes all that waits for the client out of the queues. */
  takeOf(client: ClientUid): Map<InodeLeases<Fop, Request>, readonly Waiter<Fop, Request>[]> {
    const taken = new Map<InodeLeases<Fop, Request>, readonly Waiter<Fop, Request>[]>();
    for (const inode of this.#contended) {
      const waiters = inode.dequeue((waiter) => clientOf(waiter) === client);
      if (waiters.length > 0) taken.set(inode, waiters);
      for (const waiter of waiters) this.left(waiter.kind);
    }
    return taken;
  }

  #count(kind: "fop" | "request", by: 1 | -1): void {
    if (kind === "fop") this.#blockedFops += by;
    else this.#queuedRequests += by;
  }
}

function clientOf(waiter: Waiter<GatedFop, LeaseRequest>): ClientUid {
  return waiter.kind === "fop" ? waiter.fop.client : waiter.request.client;
}
