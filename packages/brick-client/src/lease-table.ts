import type { Epoch, Gfid, LeaseId } from "@brickshift/wire";
import { ClientError } from "./client-error.js";

/** A lease that the brick granted. */
export interface HeldLease {
  readonly gfid: Gfid;
  readonly leaseId: LeaseId;
  /** `LeaseType` of wire: 1 read, 2 read-write. */
  readonly leaseType: number;
  /** The epoch of the grant; stock bricks give none. */
  readonly epoch: Epoch | undefined;
}

/** The leases that a client holds, as far as the brick's answers tell. */
export class LeaseTable {
  readonly #leasesMax: number;
  readonly #held = new Map<string, HeldLease>();
  /** Requests on their way; each may become a lease. */
  #asked = 0;

  constructor(leasesMax: number) {
    this.#leasesMax = leasesMax;
  }

  get count(): number {
    return this.#held.size;
  }

  /** Takes a place for a lease that is asked for. @throws {@link ClientError} `CLIENT_LEASE_LIMIT`. */
  reserve(): void {
    if (this.#held.size + this.#asked >= this.#leasesMax) {
      throw new ClientError("CLIENT_LEASE_LIMIT", `${this.#held.size} leases are held`);
    }
    this.#asked += 1;
  }

  /** Gives the place back: the request has ended, one way or the other. */
  unreserve(): void {
    this.#asked -= 1;
  }

  /** Notes a lease that was granted. */
  add(lease: HeldLease): void {
    this.#held.set(`${lease.gfid}/${lease.leaseId}`, lease);
  }

  /** Forgets a lease: it was given back, or the brick says that it is not held any more. */
  remove(gfid: Gfid, leaseId: LeaseId): void {
    this.#held.delete(`${gfid}/${leaseId}`);
  }

  /** All leases held. */
  all(): readonly HeldLease[] {
    return [...this.#held.values()];
  }

  /** The leases held on an inode, which a recall asks back. */
  of(gfid: Gfid): readonly HeldLease[] {
    return [...this.#held.values()].filter((lease) => lease.gfid === gfid);
  }

  /** Forgets all leases: their connection is gone, and with it they are. */
  takeAll(): readonly HeldLease[] {
    const lost = [...this.#held.values()];
    this.#held.clear();
    return lost;
  }
}
