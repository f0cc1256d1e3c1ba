import type { ClientUid, LeaseId } from "@brickshift/wire";
import { DeadLeases } from "./dead-leases.js";
import type { Lease } from "./lease.js";
import type { RevokeReason } from "./lease-revoked-error.js";

interface ClientRecord {
  readonly leases: Set<Lease>;
  dead: DeadLeases | undefined;
}

/**
 * Which lease-id stands for which lease, and which leases, held, asked for or revoked, a client has. What is
 * known of a client is kept until it is gone.
 */
export class LeaseRegistry {
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #clients = new Map<ClientUid, ClientRecord>();
  readonly #deadLeasesMax: number;

  constructor(deadLeasesMax: number) {
    this.#deadLeasesMax = deadLeasesMax;
  }

  /** Leases held and asked for. */
  get size(): number {
    return this.#leases.size;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Revoked lease-ids remembered, of all clients. */
  get deadLeases(): number {
    let sum = 0;
    for (const client of this.#clients.values()) sum += client.dead?.size ?? 0;
    return sum;
  }

  /** The lease, held or asked for, with that id. */
  get(leaseId: LeaseId): Lease | undefined {
    return this.#leases.get(leaseId);
  }

  heldBy(client: ClientUid): Lease[] {
    const record = this.#clients.get(client);
    return record === undefined ? [] : [...record.leases].filter((lease) => lease.isHeld);
  }

  add(lease: Lease): void {
    this.#leases.set(lease.id, lease);
    this.#record(lease.client).leases.add(lease);
  }

  /** The lease has ended: its id is free. */
  remove(lease: Lease): void {
    this.#leases.delete(lease.id);
    this.#clients.get(lease.client)?.leases.delete(lease);
  }

  /** Remembers that the lease was revoked, for its client to hear of. */
  bury(lease: Lease, reason: RevokeReason): void {
    const record = this.#record(lease.client);
    record.dead ??= new DeadLeases(this.#deadLeasesMax);
    record.dead.add(lease.id, reason);
  }

  /** Why a lease of the client was revoked; `undefined` when that is not known to have happened. */
  deathOf(client: ClientUid, leaseId: LeaseId): RevokeReason | undefined {
    return this.#clients.get(client)?.dead?.reasonOf(leaseId);
  }

  /** Whether an id of the client that stands for nothing is known not to have been revoked. */
  knowsAllDeaths(client: ClientUid): boolean {
    return this.#clients.get(client)?.dead?.isComplete ?? true;
  }

  /** The client has been told that its lease was revoked. */
  forgetDeath(client: ClientUid, leaseId: LeaseId): void {
    this.#clients.get(client)?.dead?.forget(leaseId);
  }

  /** The client is gone; it holds nothing any more. */
  forgetClient(client: ClientUid): void {
    this.#clients.delete(client);
  }

  #record(client: ClientUid): ClientRecord {
    let record = this.#clients.get(client);
    if (record === undefined) {
      record = { leases: new Set(), dead: undefined };
      this.#clients.set(client, record);
    }
    return record;
  }
}
