import type { ClientUid, Gfid } from "@brickshift/wire";
import { type EntryLock, entryLockRules } from "./entry-lock.js";
import { type InodeLock, inodeLockRules } from "./inode-lock.js";
import { LockDomains } from "./lock-domains.js";
import { type LockEffect, type LockRequestId, NO_LOCK_EFFECTS } from "./lock-effect.js";
import { type LockLimits, LockQuota } from "./lock-limits.js";
import type { LockOwner } from "./lock-owner.js";
import { type PosixLock, type PosixLockRequest, PosixLocks } from "./posix-locks.js";

/**
 * All locks of one brick. It keeps nothing of an inode without locks, does no I/O and knows no time.
 * Locks live as long as their client: a restart of the brick forgets them, as on a stock one.
 */
export class LockTable {
  /** The locks of INODELK and FINODELK. */
  readonly inode: LockDomains<InodeLock>;
  /** The locks of ENTRYLK and FENTRYLK. */
  readonly entry: LockDomains<EntryLock>;
  readonly #quota: LockQuota;
  readonly #posix = new Map<Gfid, PosixLocks>();

  constructor(limits: LockLimits) {
    this.#quota = new LockQuota(limits);
    this.inode = new LockDomains(inodeLockRules, this.#quota);
    this.entry = new LockDomains(entryLockRules, this.#quota);
  }

  /** How many locks are held or waited for, of all kinds. */
  get size(): number {
    return this.#quota.size;
  }

  /** How many locks `client` holds or waits for, of all kinds. */
  countOf(client: ClientUid): number {
    return this.#quota.countOf(client);
  }

  /** The POSIX locks held on `gfid`. */
  posixHeld(gfid: Gfid): readonly PosixLock[] {
    return this.#posix.get(gfid)?.held ?? [];
  }

  /** The first lock that stands in the way of `lock`. */
  posixBlocker(gfid: Gfid, lock: PosixLock): PosixLock | undefined {
    return this.#posix.get(gfid)?.blocker(lock);
  }

  /** Sets or ends a POSIX lock; see {@link PosixLocks.set}. */
  setPosix(gfid: Gfid, request: LockRequestId, wish: PosixLockRequest, wait: boolean): readonly LockEffect[] {
    const locks = this.#posix.get(gfid) ?? new PosixLocks(this.#quota);
    const effects = locks.set(request, wish, wait);
    this.#keep(gfid, locks);
    return effects;
  }

  /** Adds POSIX locks of any owners, all or none; see {@link PosixLocks.install}. */
  installPosix(gfid: Gfid, added: readonly PosixLock[]): void {
    const locks = this.#posix.get(gfid) ?? new PosixLocks(this.#quota);
    locks.install(added);
    this.#keep(gfid, locks);
  }

  /** Ends the POSIX locks of `owner` on `gfid`, as a FLUSH with an owner does. */
  dropPosixOwner(gfid: Gfid, owner: LockOwner): readonly LockEffect[] {
    return this.#change(gfid, (locks) => locks.dropOwner(owner));
  }

  /** Ends the POSIX locks that came through `fd` of `client`, as a FLUSH without owner does. */
  dropPosixFd(gfid: Gfid, client: ClientUid, fd: bigint): readonly LockEffect[] {
    return this.#change(gfid, (locks) => locks.dropFd(client, fd));
  }

  /** Ends every lock of `client` on this brick and cancels what it waits for. */
  dropClient(client: ClientUid): readonly LockEffect[] {
    if (this.countOf(client) === 0) return NO_LOCK_EFFECTS;
    const effects: LockEffect[] = [];
    for (const gfid of this.#posix.keys()) {
      effects.push(...this.#change(gfid, (locks) => locks.dropClient(client)));
    }
    effects.push(...this.inode.dropClient(client), ...this.entry.dropClient(client));
    return effects;
  }

  #change(gfid: Gfid, change: (locks: PosixLocks) => readonly LockEffect[]): readonly LockEffect[] {
    const locks = this.#posix.get(gfid);
    if (locks === undefined) return NO_LOCK_EFFECTS;
    const effects = change(locks);
    this.#keep(gfid, locks);
    return effects;
  }

  #keep(gfid: Gfid, locks: PosixLocks): void {
    if (locks.size === 0) this.#posix.delete(gfid);
    else this.#posix.set(gfid, locks);
  }
}
