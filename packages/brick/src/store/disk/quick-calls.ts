import { hostMonotonicMs } from "../../host-driver.js";

/** A call on a file that is in the page cache takes microseconds; one that takes this long, and a while for its bytes, waited for the disk. */
const QUICK_MS = 0.2;
const QUICK_MS_PER_BYTE = 1e-6;
/** So many calls go through the thread pool after a slow one, before the next is tried without. */
const POOLED_AFTER_SLOW = 32;
/** So many slow calls are borne when none of those in the pool had company. */
const SLOW_WHEN_ALONE = 256;

/** How many calls of a store are in the thread pool. */
export interface PoolUse {
  running: number;
}

/**
 * Whether the calls of one kind on one file are made at once or through the thread pool. At once no other thread
 * has to be woken, but it holds up everybody while the disk is waited for: so it is done as long as it is quick, or
 * nobody else is there to be held up, which the calls in the pool tell.
 */
export class QuickCalls {
  readonly #pool: PoolUse;
  #pooledLeft = 0;
  #hadCompany = false;
  #slowLeft = 0;

  constructor(pool: PoolUse) {
    this.#pool = pool;
  }

  /** Whether the next call is to be made at once. */
  get areQuick(): boolean {
    if (this.#pooledLeft === 0) return true;
    if (this.#pool.running > 0) this.#hadCompany = true;
    this.#pooledLeft -= 1;
    if (this.#pooledLeft === 0 && !this.#hadCompany) this.#slowLeft = SLOW_WHEN_ALONE;
    return false;
  }

  /** Makes a call at once, and learns from how long it takes. */
  make<T>(bytes: number, call: () => T): T {
    const startedAtMs = hostMonotonicMs();
    const result = call();
    this.took(hostMonotonicMs() - startedAtMs, bytes);
    return result;
  }

  /** A call of `bytes` took `ms`. */
  took(ms: number, bytes: number): void {
    if (ms <= QUICK_MS + bytes * QUICK_MS_PER_BYTE) return;
    if (this.#slowLeft > 0 && this.#pool.running === 0) {
      this.#slowLeft -= 1;
      return;
    }
    this.#slowLeft = 0;
    this.#pooledLeft = POOLED_AFTER_SLOW;
    this.#hadCompany = false;
  }
}
