import type { ClientUid } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { type LockEffect, type LockRequestId, NO_LOCK_EFFECTS } from "./lock-effect.js";
import type { LockQuota } from "./lock-limits.js";
import { isSameOwner, type LockOwner } from "./lock-owner.js";

/** What tells one kind of internal lock from another. */
export interface InternalLockRules<L extends LockOwner> {
  /** Whether locks of two different owners exclude each other. */
  readonly conflicts: (one: L, other: L) => boolean;
  /** Whether an unlock names this lock; the owners are known to be the same. */
  readonly matches: (held: L, named: L) => boolean;
}

interface Waiter<L> {
  readonly request: LockRequestId;
  readonly lock: L;
}

/**
 * The locks that client translators take on one inode in one domain. They neither merge nor split: a lock is
 * ended as it was taken. Requests that wait are granted in order; a new one that conflicts with a waiting one
 * waits behind it, unless that one waits for a lock of the new one's owner.
 * Source: glusterfs `xlators/features/locks/src/{inodelk,entrylk}.c`.
 */
export class InternalLocks<L extends LockOwner> {
  readonly #rules: InternalLockRules<L>;
  readonly #quota: LockQuota;
  readonly #held: L[] = [];
  #waiting: Waiter<L>[] = [];

  constructor(rules: InternalLockRules<L>, quota: LockQuota) {
    this.#rules = rules;
    this.#quota = quota;
  }

  /** The locks held, by the time they were granted. */
  get held(): readonly L[] {
    return this.#held;
  }

  /** How many locks are held or waited for. */
  get size(): number {
    return this.#held.length + this.#waiting.length;
  }

  /** The locks held that `lock` would have to wait for. */
  blockers(lock: L): L[] {
    return this.#held.filter((held) => this.#excludes(held, lock));
  }

  /** The locks held that somebody waits for. */
  contended(): L[] {
    return this.#held.filter((held) => this.#waiting.some((waiter) => this.#excludes(held, waiter.lock)));
  }

  /**
   * Takes a lock. With `wait` a lock in conflict waits: then the effects are empty.
   * @throws {@link BrickError} `LOCK_CONFLICT` when it may not wait, `LOCK_LIMIT`; nothing changed.
   */
  lock(request: LockRequestId, lock: L, wait: boolean): readonly LockEffect[] {
    const isBlocked = this.#isBlocked(lock, this.#waiting);
    if (isBlocked && !wait) throw new BrickError("LOCK_CONFLICT", "locked by another owner");
    this.#quota.check(lock.client, this.size, 1);
    this.#quota.add(lock.client, 1);
    if (isBlocked) {
      this.#waiting.push({ request, lock });
      return NO_LOCK_EFFECTS;
    }
    this.#held.push(lock);
    return [{ type: "granted", request }];
  }

  /** @throws {@link BrickError} `LOCK_NOT_HELD` when the owner holds no such lock. */
  unlock(named: L): readonly LockEffect[] {
    const index = this.#held.findIndex(
      (held) => isSameOwner(held, named) && this.#rules.matches(held, named),
    );
    if (index < 0) throw new BrickError("LOCK_NOT_HELD", "no such lock is held by this owner");
    this.#held.splice(index, 1);
    this.#quota.add(named.client, -1);
    return this.#grantWaiting();
  }

  /** Ends the locks of `client` and cancels what it waits for. */
  dropClient(client: ClientUid): readonly LockEffect[] {
    const effects: LockEffect[] = [];
    const before = this.size;
    const still: Waiter<L>[] = [];
    for (const waiter of this.#waiting) {
      if (waiter.lock.client === client) effects.push({ type: "cancelled", request: waiter.request });
      else still.push(waiter);
    }
    this.#waiting = still;
    for (let index = this.#held.length - 1; index >= 0; index -= 1) {
      if (this.#held[index]?.client === client) this.#held.splice(index, 1);
    }
    if (this.size === before) return NO_LOCK_EFFECTS;
    this.#quota.add(client, this.size - before);
    effects.push(...this.#grantWaiting());
    return effects;
  }

  #isBlocked(lock: L, ahead: readonly Waiter<L>[]): boolean {
    if (this.#held.some((held) => this.#excludes(held, lock))) return true;
    return ahead.some((waiter) => this.#excludes(waiter.lock, lock) && !this.#waitsFor(waiter.lock, lock));
  }

  #waitsFor(waiting: L, owner: LockOwner): boolean {
    return this.#held.some((held) => isSameOwner(held, owner) && this.#excludes(held, waiting));
  }

  #excludes(one: L, other: L): boolean {
    return this.#rules.conflicts(one, other) && !isSameOwner(one, other);
  }

  #grantWaiting(): readonly LockEffect[] {
    if (this.#waiting.length === 0) return NO_LOCK_EFFECTS;
    const effects: LockEffect[] = [];
    const still: Waiter<L>[] = [];
    for (const waiter of this.#waiting) {
      if (this.#isBlocked(waiter.lock, still)) {
        still.push(waiter);
      } else {
        this.#held.push(waiter.lock);
        effects.push({ type: "granted", request: waiter.request });
      }
    }
    this.#waiting = still;
    return effects;
  }
}
