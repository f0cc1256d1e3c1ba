import type { LockEffect, LockRequestId } from "./lock-effect.js";

/** What became of a lock request that had to wait. */
export type LockOutcome = LockEffect["type"];

/** Who waits for a lock, by the number of the request: answers them when the lock cores say so. */
export class LockWaiters {
  readonly #waiting = new Map<LockRequestId, (outcome: LockOutcome) => void>();
  #last: LockRequestId = 0;

  /** How many requests wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A number for a new request. */
  next(): LockRequestId {
    this.#last += 1;
    return this.#last;
  }

  /** Resolves when the request is decided. */
  wait(request: LockRequestId): Promise<LockOutcome> {
    return new Promise((resolve) => this.#waiting.set(request, resolve));
  }

  /** Carries out the effects of a step; says whether `own` was granted by it. */
  apply(effects: readonly LockEffect[], own?: LockRequestId): boolean {
    let isGranted = false;
    for (const effect of effects) {
      if (effect.request === own) isGranted = effect.type === "granted";
      const settle = this.#waiting.get(effect.request);
      this.#waiting.delete(effect.request);
      settle?.(effect.type);
    }
    return isGranted;
  }
}
