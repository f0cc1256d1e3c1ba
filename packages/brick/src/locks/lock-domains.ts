import type { ClientUid, Gfid } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { InternalLocks, type InternalLockRules } from "./internal-locks.js";
import type { LockEffect, LockRequestId } from "./lock-effect.js";
import type { LockQuota } from "./lock-limits.js";
import type { LockOwner } from "./lock-owner.js";

/** The internal locks of one kind on every inode of a brick, by domain; locks of two domains never meet. */
export class LockDomains<L extends LockOwner> {
  readonly #rules: InternalLockRules<L>;
  readonly #quota: LockQuota;
  readonly #inodes = new Map<Gfid, Map<string, InternalLocks<L>>>();

  constructor(rules: InternalLockRules<L>, quota: LockQuota) {
    this.#rules = rules;
    this.#quota = quota;
  }

  /** Takes a lock; see {@link InternalLocks.lock}. */
  lock(gfid: Gfid, domain: string, request: LockRequestId, lock: L, wait: boolean): readonly LockEffect[] {
    const known = this.#inodes.get(gfid)?.get(domain);
    const locks = known ?? new InternalLocks(this.#rules, this.#quota);
    const effects = locks.lock(request, lock, wait);
    if (known === undefined) this.#remember(gfid, domain, locks);
    return effects;
  }

  /** The locks held that `lock` would have to wait for. */
  blockers(gfid: Gfid, domain: string, lock: L): readonly L[] {
    return this.#inodes.get(gfid)?.get(domain)?.blockers(lock) ?? [];
  }

  /** The locks held that somebody waits for. */
  contended(gfid: Gfid, domain: string): readonly L[] {
    return this.#inodes.get(gfid)?.get(domain)?.contended() ?? [];
  }

  /** Ends a lock. @throws {@link BrickError} `LOCK_NOT_HELD`. */
  unlock(gfid: Gfid, domain: string, named: L): readonly LockEffect[] {
    const locks = this.#inodes.get(gfid)?.get(domain);
    if (locks === undefined) throw new BrickError("LOCK_NOT_HELD", "no lock in this domain");
    const effects = locks.unlock(named);
    if (locks.size === 0) this.#forget(gfid, domain);
    return effects;
  }

  /** How many locks are held on `gfid`, in one domain or in all. */
  heldCount(gfid: Gfid, domain?: string): number {
    const domains = this.#inodes.get(gfid);
    if (domains === undefined) return 0;
    if (domain !== undefined) return domains.get(domain)?.held.length ?? 0;
    let count = 0;
    for (const locks of domains.values()) count += locks.held.length;
    return count;
  }

  /** Ends the locks of `client` and cancels what it waits for. */
  dropClient(client: ClientUid): readonly LockEffect[] {
    const effects: LockEffect[] = [];
    for (const [gfid, domains] of this.#inodes) {
      for (const [domain, locks] of domains) {
        effects.push(...locks.dropClient(client));
        if (locks.size === 0) this.#forget(gfid, domain);
      }
    }
    return effects;
  }

  #remember(gfid: Gfid, domain: string, locks: InternalLocks<L>): void {
    const domains = this.#inodes.get(gfid);
    if (domains === undefined) this.#inodes.set(gfid, new Map([[domain, locks]]));
    else domains.set(domain, locks);
  }

  #forget(gfid: Gfid, domain: string): void {
    const domains = this.#inodes.get(gfid);
    domains?.delete(domain);
    if (domains?.size === 0) this.#inodes.delete(gfid);
  }
}
