import type { Scheduler } from "./ports.js";
import { TokenBucket } from "./token-bucket.js";

/** Makes callers wait for a {@link TokenBucket}. */
export class Throttle {
  readonly #bucket: TokenBucket;
  readonly #scheduler: Scheduler;

  constructor(bytesPerSecond: number, scheduler: Scheduler) {
    this.#bucket = new TokenBucket(bytesPerSecond, scheduler.nowMs());
    this.#scheduler = scheduler;
  }

  spend(bytes: number): void {
    this.#bucket.spend(bytes);
  }

  /** Resolves when it is one's turn; rejects with the reason of `signal` when that aborts first. */
  async pass(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const nowMs = this.#scheduler.nowMs();
      const atMs = this.#bucket.readyAtMs(nowMs);
      if (atMs <= nowMs) return;
      await sleepUntil(this.#scheduler, atMs, signal);
    }
  }
}

/** Resolves at `atMs`; rejects with the reason of `signal` when that aborts first. */
export function sleepUntil(scheduler: Scheduler, atMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = scheduler.at(atMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
