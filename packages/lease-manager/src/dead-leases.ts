import type { LeaseId } from "@brickshift/wire";
import type { RevokeReason } from "./lease-revoked-error.js";

/**
 * The revoked lease-ids of one client that it has not heard of yet. Bounded: past the bound the oldest is
 * forgotten, and from then on the client's unknown ids cannot be told from revoked ones
 * ({@link isComplete}); a fop that carries its lease-epoch is refused in any case.
 */
export class DeadLeases {
  readonly #reasons = new Map<LeaseId, RevokeReason>();
  readonly #max: number;
  #isComplete = true;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#reasons.size;
  }

  /** No revoked id was ever forgotten for want of room. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Why the lease was revoked; `undefined` when it is not known to be. */
  reasonOf(leaseId: LeaseId): RevokeReason | undefined {
    return this.#reasons.get(leaseId);
  }

  add(leaseId: LeaseId, reason: RevokeReason): void {
    this.#reasons.set(leaseId, reason);
    if (this.#reasons.size <= this.#max) return;
    const oldest = this.#reasons.keys().next();
    if (oldest.done !== true) this.#reasons.delete(oldest.value);
    this.#isComplete = false;
  }

  /** The client has been told. */
  forget(leaseId: LeaseId): void {
    this.#reasons.delete(leaseId);
  }
}
