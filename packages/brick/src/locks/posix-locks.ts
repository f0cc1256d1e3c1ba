import type { ClientUid } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { type ByteRange, covers, overlaps, touches } from "./byte-range.js";
import { type LockEffect, type LockRequestId, NO_LOCK_EFFECTS } from "./lock-effect.js";
import type { LockQuota } from "./lock-limits.js";
import { isSameOwner, type LockOwner } from "./lock-owner.js";

/** A byte-range lock as fcntl(2) knows it. */
export interface PosixLock extends LockOwner, ByteRange {
  readonly kind: "read" | "write";
  /** The application's process, reported by GETLK; it decides nothing. */
  readonly pid: number;
  /** The fd whose RELEASE, or FLUSH without owner, ends the lock: mostly the one that it came through. */
  readonly fd: bigint;
}

/** A wish for a lock, or for the end of what is locked in a range. */
export interface PosixLockRequest extends Omit<PosixLock, "kind"> {
  readonly kind: "read" | "write" | "unlock";
}

interface Waiter {
  readonly request: LockRequestId;
  readonly lock: PosixLock;
}

/**
 * The POSIX byte-range locks of one inode. Locks of one owner merge and split; locks of different owners
 * conflict where they share a byte and one writes. Requests that wait are granted in order; a new one that
 * conflicts with a waiting one waits behind it, unless that one waits for a lock of the new one's owner: an
 * owner that queued behind somebody who waits for it would wait for ever.
 *
 * There is no deadlock detector: EDEADLK is never produced.
 * Source: fcntl(2); glusterfs `xlators/features/locks/src/common.c`.
 */
export class PosixLocks {
  readonly #quota: LockQuota;
  #held: readonly PosixLock[] = [];
  #waiting: readonly Waiter[] = [];

  constructor(quota: LockQuota) {
    this.#quota = quota;
  }

  /** The locks held, by the time they were granted or cut. */
  get held(): readonly PosixLock[] {
    return this.#held;
  }

  /** How many locks are held or waited for. */
  get size(): number {
    return this.#held.length + this.#waiting.length;
  }

  /** The first lock that stands in the way of `lock`, for GETLK. */
  blocker(lock: PosixLock): PosixLock | undefined {
    return this.#held.find((held) => conflicts(held, lock));
  }

  /**
   * Sets or ends a lock. With `wait` a lock in conflict waits: then the effects hold no `granted` for it.
   * @throws {@link BrickError} `LOCK_CONFLICT` when it may not wait, `LOCK_LIMIT`; nothing changed.
   */
  set(request: LockRequestId, wish: PosixLockRequest, wait: boolean): readonly LockEffect[] {
    if (wish.kind === "unlock") {
      this.#apply(wish);
      return [{ type: "granted", request }, ...this.#grantWaiting()];
    }
    const lock: PosixLock = { ...wish, kind: wish.kind };
    if (!this.#isBlocked(lock, this.#waiting)) {
      this.#apply(lock);
      // A write lock turned into a read lock may free others.
      return [{ type: "granted", request }, ...this.#grantWaiting()];
    }
    if (!wait) throw new BrickError("LOCK_CONFLICT", "the range is locked by another owner");
    this.#quota.check(lock.client, this.size, 1);
    this.#quota.add(lock.client, 1);
    this.#waiting = [...this.#waiting, { request, lock }];
    return NO_LOCK_EFFECTS;
  }

  /**
   * Adds locks of any owners, all or none; what waits goes on waiting.
   * @throws {@link BrickError} `LOCK_CONFLICT` with a lock that is held or with one another, `LOCK_LIMIT`; nothing changed.
   */
  install(locks: readonly PosixLock[]): void {
    let next = this.#held;
    for (const lock of locks) {
      if (next.some((held) => conflicts(held, lock))) {
        throw new BrickError("LOCK_CONFLICT", "the range is locked by another owner");
      }
      next = withLock(next, lock);
    }
    const deltas = new Map<ClientUid, number>();
    const count = (lock: PosixLock, one: 1 | -1) =>
      deltas.set(lock.client, (deltas.get(lock.client) ?? 0) + one);
    for (const lock of next) count(lock, 1);
    for (const lock of this.#held) count(lock, -1);
    const more = next.length - this.#held.length;
    for (const [client, delta] of deltas) this.#quota.check(client, this.size + more - delta, delta);
    for (const [client, delta] of deltas) this.#quota.add(client, delta);
    this.#held = next;
  }

  /** Ends every lock of `owner`, as close(2) does; requests of it that wait go on waiting. */
  dropOwner(owner: LockOwner): readonly LockEffect[] {
    return this.#drop((lock) => isSameOwner(lock, owner));
  }

  /** Ends every lock of `fd` of `client`, whoever owned it. */
  dropFd(client: ClientUid, fd: bigint): readonly LockEffect[] {
    return this.#drop((lock) => lock.fd === fd && lock.client === client);
  }

  /** Ends the locks of `client` and cancels what it waits for. */
  dropClient(client: ClientUid): readonly LockEffect[] {
    const gone = this.#waiting.filter((waiter) => waiter.lock.client === client);
    this.#waiting = this.#waiting.filter((waiter) => waiter.lock.client !== client);
    this.#quota.add(client, -gone.length);
    const effects: LockEffect[] = gone.map(({ request }) => ({ type: "cancelled", request }));
    const had = this.#held.length;
    effects.push(...this.#drop((lock) => lock.client === client));
    // A waiter that is gone may have held back others although it held nothing.
    if (this.#held.length === had && gone.length > 0) effects.push(...this.#grantWaiting());
    return effects;
  }

  #isBlocked(lock: PosixLock, ahead: readonly Waiter[]): boolean {
    if (this.#held.some((held) => conflicts(held, lock))) return true;
    return ahead.some((waiter) => conflicts(waiter.lock, lock) && !this.#waitsFor(waiter.lock, lock));
  }

  #waitsFor(waiting: PosixLock, owner: LockOwner): boolean {
    return this.#held.some((held) => isSameOwner(held, owner) && conflicts(held, waiting));
  }

  #apply(wish: PosixLockRequest): void {
    const next = withLock(this.#held, wish);
    const delta = next.length - this.#held.length;
    this.#quota.check(wish.client, this.size, delta);
    this.#quota.add(wish.client, delta);
    this.#held = next;
  }

  #drop(isGone: (lock: PosixLock) => boolean): readonly LockEffect[] {
    const kept = this.#held.filter((lock) => !isGone(lock));
    if (kept.length === this.#held.length) return NO_LOCK_EFFECTS;
    for (const lock of this.#held) if (isGone(lock)) this.#quota.add(lock.client, -1);
    this.#held = kept;
    return this.#grantWaiting();
  }

  #grantWaiting(): readonly LockEffect[] {
    if (this.#waiting.length === 0) return NO_LOCK_EFFECTS;
    const effects: LockEffect[] = [];
    const still: Waiter[] = [];
    let left = this.#waiting.length;
    for (const waiter of this.#waiting) {
      if (this.#isBlocked(waiter.lock, still)) {
        still.push(waiter);
        continue;
      }
      this.#quota.add(waiter.lock.client, -1);
      left -= 1;
      const next = withLock(this.#held, waiter.lock);
      const delta = next.length - this.#held.length;
      const fits = this.#quota.fits(waiter.lock.client, this.#held.length + left, delta);
      effects.push({ type: fits ? "granted" : "refused", request: waiter.request });
      if (!fits) continue;
      this.#quota.add(waiter.lock.client, delta);
      this.#held = next;
    }
    this.#waiting = still;
    return effects;
  }
}

function conflicts(one: PosixLock, other: PosixLock): boolean {
  return (one.kind === "write" || other.kind === "write") && overlaps(one, other) && !isSameOwner(one, other);
}

/**
 * The locks after `wish`: its owner's locks give way to it, and join it where they are of its kind. What joins it goes over
 * to its fd. Where all of a lock changes its kind, `wish` goes over to the fd of that one, the last of them if there are
 * several.
 * Source: measured on 10.3, every order of three locks through two fds and the RELEASE of either (`test/interop/lock-fds`).
 */
function withLock(held: readonly PosixLock[], wish: PosixLockRequest): readonly PosixLock[] {
  const covered = held.findLast(
    (lock) => lock.kind !== wish.kind && isSameOwner(lock, wish) && covers(wish, lock),
  );
  const fd = covered?.fd ?? wish.fd;
  const apart: PosixLock[] = [];
  const cut: PosixLock[] = [];
  let { startBytes, endBytes } = wish;
  for (const lock of held) {
    const isOwn = isSameOwner(lock, wish);
    if (
      isOwn &&
      lock.kind === wish.kind &&
      (overlaps(lock, wish) || (touches(lock, wish) && lock.fd === fd))
    ) {
      startBytes = least(startBytes, lock.startBytes);
      endBytes = most(endBytes, lock.endBytes);
    } else if (isOwn && overlaps(lock, wish)) {
      if (lock.startBytes < wish.startBytes) cut.push({ ...lock, endBytes: wish.startBytes });
      if (lock.endBytes > wish.endBytes) cut.push({ ...lock, startBytes: wish.endBytes });
    } else {
      apart.push(lock);
    }
  }
  const set = wish.kind === "unlock" ? [] : [{ ...wish, kind: wish.kind, fd, startBytes, endBytes }];
  return [...apart, ...cut, ...set];
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function most(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
