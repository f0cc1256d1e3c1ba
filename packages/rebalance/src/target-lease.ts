import {
  type Dict,
  type Epoch,
  Errno,
  getXdata,
  type Gfid,
  LeaseError,
  type LeaseId,
  type ParentLink,
  xdataOf,
} from "@brickshift/wire";
import type { BrickLeases } from "./brick-leases.js";
import { readLinks } from "./file-attributes.js";
import { isErrno } from "./fop-failure.js";
import type { BrickPort } from "./ports.js";
import { unlessAborted } from "./unless-aborted.js";

/** What a {@link TargetLease} needs of its run. */
export interface TargetLeaseWorld {
  readonly destination: BrickPort;
  readonly leases: BrickLeases;
  readonly fopTimeoutMs: number;
}

/** The exclusive lease on a migration target, from the request for it to its end: it keeps others from the names. */
export class TargetLease {
  readonly #gfid: Gfid;
  readonly #world: TargetLeaseWorld;
  #id: LeaseId | undefined;
  #epoch: Epoch | undefined;
  /** Resolves with what the brick told of the names when it granted the lease. */
  #asked: Promise<readonly ParentLink[] | undefined> | undefined;
  #asking = new AbortController();

  constructor(gfid: Gfid, world: TargetLeaseWorld) {
    this.#gfid = gfid;
    this.#world = world;
  }

  /** Its id, once it is asked for; `undefined` before, and when it is over. */
  get id(): LeaseId | undefined {
    return this.#id;
  }

  /** Its epoch, once it is granted; `undefined` before, and when it is over. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /**
   * The lease alone, for fops on names; with its epoch, so that one that comes after the lease is refused.
   * @throws LeaseError `LEASE_REVOKED` when none is held: without one nothing would keep others from the names.
   */
  get xdata(): Dict {
    const [leaseId, leaseEpoch] = [this.#id, this.#epoch];
    if (leaseId === undefined || leaseEpoch === undefined) {
      throw new LeaseError("LEASE_REVOKED", `no lease on ${this.#gfid} is held on the destination`);
    }
    return xdataOf({ leaseId, leaseEpoch });
  }

  /** Asks for it, unless that is done. */
  ask(): void {
    if (this.#id !== undefined) return;
    const { leases } = this.#world;
    // Writes carry the id from now on: they may overtake the request, or come after the grant.
    const leaseId = leases.newLeaseId();
    this.#id = leaseId;
    this.#asking = new AbortController();
    const wish = { gfid: this.#gfid, mode: "exclusive", leaseId, tell: "names" } as const;
    const asked = leases.acquire(wish, this.#asking.signal);
    this.#asked = asked.then((lease) => {
      // Granted in the moment in which it was taken back.
      if (this.#id === leaseId) this.#epoch = lease.epoch;
      else leases.drop(this.#gfid, lease);
      return lease.links;
    });
    this.#asked.catch(() => {});
  }

  /**
   * Takes it from the answer to the PUT that asked for it by `id`, if that grants it.
   * @returns the names that the target had then; `undefined` when it was not granted, or they were not told.
   */
  fromBirth(id: LeaseId, answer: Dict | null): readonly ParentLink[] | undefined {
    const epoch = getXdata(answer, "leaseEpoch");
    if (epoch === undefined) return undefined;
    const links = getXdata(answer, "links");
    this.#world.leases.count();
    this.#id = id;
    this.#epoch = epoch;
    this.#asked = Promise.resolve(links);
    return links;
  }

  /**
   * The names that the target has, once the lease is held: clients may have made, renamed or removed some before. Rejects
   * as the request for the lease did, with what the client rejects with, or with the reason of `signal`.
   */
  async names(signal: AbortSignal): Promise<readonly ParentLink[]> {
    const { destination, fopTimeoutMs } = this.#world;
    const told = this.#asked && (await unlessAborted(this.#asked, signal));
    const { xdata } = this;
    return told ?? readLinks(destination, this.#gfid, fopTimeoutMs, xdata);
  }

  /** A fop that names a revoked lease is refused: from now on none does. @returns whether that was it. */
  noteRevoked(error: unknown): boolean {
    if (!isErrno(error, Errno.EKEYREVOKED) || this.#id === undefined) return false;
    this.ended();
    return true;
  }

  /** It is over, by a fop that gave it back along with something else, or by the brick. */
  ended(): void {
    this.#world.leases.forget();
    this.#forget();
  }

  /** Gives it back, if there is one. Never rejects. */
  async unlock(): Promise<void> {
    const [leaseId, epoch] = [this.#id, this.#epoch];
    if (leaseId === undefined) return;
    this.#forget();
    if (epoch !== undefined) {
      await this.#world.leases.unlock(this.#gfid, { leaseId, epoch }).catch(() => {});
      return;
    }
    // The request may wait for somebody else's lease for minutes: it is taken back, and only the end of the run waits for it.
    this.#asking.abort();
  }

  #forget(): void {
    this.#id = undefined;
    this.#epoch = undefined;
    this.#asked = undefined;
  }
}
