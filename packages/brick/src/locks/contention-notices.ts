import type { InodeLock } from "./inode-lock.js";

/**
 * Which holders of inode locks are to be told that somebody wants their lock: each lock at most once in `delayMs`. The
 * instants live as long as their locks. No timer tells again: the next attempt does.
 * Source: measured, `cbk-inodelk-contention`; `notify-contention` and its delay in glusterfs `xlators/features/locks`.
 */
export class ContentionNotices {
  readonly #delayMs: number | "never";
  readonly #toldAtMs = new WeakMap<InodeLock, number>();

  constructor(delayMs: number | "never") {
    this.#delayMs = delayMs;
  }

  /** Of the `locks`, which are in somebody's way at `nowMs`, monotonic, those to tell of; they count as told. */
  due(locks: readonly InodeLock[], nowMs: number): InodeLock[] {
    const delayMs = this.#delayMs;
    if (delayMs === "never") return [];
    return locks.filter((lock) => {
      const toldAtMs = this.#toldAtMs.get(lock);
      if (toldAtMs !== undefined && nowMs - toldAtMs < delayMs) return false;
      this.#toldAtMs.set(lock, nowMs);
      return true;
    });
  }
}
