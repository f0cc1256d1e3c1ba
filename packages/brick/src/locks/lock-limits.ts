import { type ClientUid } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";

/** Bounds of the lock tables of one brick. */
export interface LockLimits {
  /** Most locks, held and waiting, of each kind on one inode; one more is refused with `LOCK_LIMIT`. */
  readonly locksPerInodeMax: number;
  /** Most locks, held and waiting, of all kinds of one client; one more is refused with `LOCK_LIMIT`. */
  readonly locksPerClientMax: number;
}

/** Counts the locks of every client, so that one client cannot fill the brick's memory with them. */
export class LockQuota {
  readonly #limits: LockLimits;
  readonly #counts = new Map<ClientUid, number>();

  constructor(limits: LockLimits) {
    this.#limits = limits;
  }

  /** How many locks are held or waited for. */
  get size(): number {
    let size = 0;
    for (const count of this.#counts.values()) size += count;
    return size;
  }

  /** How many locks `client` holds or waits for. */
  countOf(client: ClientUid): number {
    return this.#counts.get(client) ?? 0;
  }

  /** Whether an inode with `held` locks takes `more` of `client` within both bounds. */
  fits(client: ClientUid, held: number, more: number): boolean {
    if (more <= 0) return true;
    return (
      held + more <= this.#limits.locksPerInodeMax &&
      this.countOf(client) + more <= this.#limits.locksPerClientMax
    );
  }

  /** @throws {@link BrickError} `LOCK_LIMIT` when `more` locks of `client` do not fit. */
  check(client: ClientUid, held: number, more: number): void {
    if (this.fits(client, held, more)) return;
    throw new BrickError("LOCK_LIMIT", `${held} locks on the inode, ${this.countOf(client)} of the client`);
  }

  /** Records that `client` has `delta` locks more, or fewer. */
  add(client: ClientUid, delta: number): void {
    if (delta === 0) return;
    const count = this.countOf(client) + delta;
    if (count === 0) this.#counts.delete(client);
    else this.#counts.set(client, count);
  }
}
