import { StoreError } from "../store/store-error.js";
import type { HealthCheckOptions } from "./options.js";

/** What a step of {@link StoreHealth} asks for. */
export type HealthEffect =
  | { readonly type: "check" }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "well" };

type Phase =
  | { readonly type: "off" }
  | { readonly type: "waiting"; readonly untilMs: number }
  /** `isLate`: the time of this check is over, and that was told. */
  | { readonly type: "checking"; readonly untilMs: number; readonly isLate: boolean };

/**
 * Whether the store of a brick is well, by checks that are made again and again: `waiting → checking → waiting`. There is one
 * check at a time; one that takes too long counts as failed, and the next begins when it has ended. A full medium answers,
 * and is well.
 * Source: the health check of glusterfs `xlators/storage/posix`; its intervals are those of 10.3.
 */
export class StoreHealth {
  #options: HealthCheckOptions;
  #phase: Phase = { type: "off" };
  #hasFailed = false;

  constructor(options: HealthCheckOptions, nowMs: number) {
    this.#options = options;
    this.#wait(nowMs);
  }

  /** Monotonic instant, in ms, at which a `tick` is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    const phase = this.#phase;
    return phase.type === "off" || (phase.type === "checking" && phase.isLate) ? undefined : phase.untilMs;
  }

  /** The time of a deadline has come; early ones do nothing. */
  tick(nowMs: number): readonly HealthEffect[] {
    const phase = this.#phase;
    if (phase.type === "off" || nowMs < phase.untilMs) return [];
    if (phase.type === "waiting") {
      this.#phase = { type: "checking", untilMs: nowMs + this.#options.timeoutMs, isLate: false };
      return [{ type: "check" }];
    }
    if (phase.isLate) return [];
    this.#phase = { ...phase, isLate: true };
    return this.#fail(
      new StoreError("STORE_IO", `no answer of the store within ${this.#options.timeoutMs} ms`),
    );
  }

  /** The check under way has ended, with what it rejected with, if it did. */
  ended(nowMs: number, error?: unknown): readonly HealthEffect[] {
    // Nobody wants to know any more.
    if (this.#phase.type !== "checking") return [];
    const effects = isFailure(error) ? this.#fail(error) : this.#recover();
    this.#wait(nowMs);
    return effects;
  }

  /** Takes other options over; off means well. A check under way comes to its end. */
  reconfigure(options: HealthCheckOptions, nowMs: number): readonly HealthEffect[] {
    this.#options = options;
    if (options.intervalMs > 0 && this.#phase.type === "checking") return [];
    this.#wait(nowMs);
    return options.intervalMs === 0 ? this.#recover() : [];
  }

  #wait(nowMs: number): void {
    const { intervalMs, retryMs } = this.#options;
    this.#phase =
      intervalMs === 0
        ? { type: "off" }
        : {
            type: "waiting",
            untilMs: nowMs + (this.#hasFailed ? Math.min(retryMs, intervalMs) : intervalMs),
          };
  }

  #fail(error: unknown): readonly HealthEffect[] {
    if (this.#hasFailed) return [];
    this.#hasFailed = true;
    return [{ type: "failed", error }];
  }

  #recover(): readonly HealthEffect[] {
    if (!this.#hasFailed) return [];
    this.#hasFailed = false;
    return [{ type: "well" }];
  }
}

function isFailure(error: unknown): boolean {
  return error !== undefined && !(error instanceof StoreError && error.code === "STORE_NO_SPACE");
}
