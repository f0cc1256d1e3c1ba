import type { ReconnectOptions } from "./options.js";

export type ReconnectEvent =
  /** `abandon`: whoever called for the first connection does not want it any more. */
  | { readonly type: "start" | "abandon" | "stop" | "tick" }
  /** The attempt has a connection that shook hands. */
  | { readonly type: "connected"; readonly attempt: number }
  /** The attempt failed; `isFatal` when another one cannot help. `jitter` is drawn from [0, 1). */
  | { readonly type: "failed"; readonly attempt: number; readonly isFatal: boolean; readonly jitter: number }
  /** The connection of the attempt is gone. */
  | { readonly type: "lost"; readonly attempt: number; readonly jitter: number };

export type ReconnectEffect =
  /** `stale`: the attempt connected too late; its connection is to be dropped. */
  | { readonly type: "attempt" | "cancel" | "stale"; readonly attempt: number }
  | { readonly type: "up" | "down" | "give-up" };

type ReconnectState =
  | { readonly phase: "idle" | "stopped" }
  | { readonly phase: "trying"; readonly failures: number; readonly deadlineMs: number }
  | { readonly phase: "pausing"; readonly failures: number; readonly deadlineMs: number }
  | { readonly phase: "up" };

const NOTHING: readonly ReconnectEffect[] = [];

/**
 * When to connect: `idle → trying → up → pausing → trying …`, with pauses that double and are spread by
 * chance, so that the clients of a brick that comes back do not all arrive at once. One attempt runs at
 * a time; what comes of an earlier one is ignored, and its connection dropped.
 *
 * Source: jittered exponential back-off ("equal jitter"), as described by the AWS Architecture Blog, 2015.
 */
export class Reconnect {
  readonly #options: ReconnectOptions;
  #state: ReconnectState = { phase: "idle" };
  #attempt = 0;
  /** Whether a `start` waits for its first connection; only then is the number of attempts bounded. */
  #isStarting = false;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#state.phase === "up";
  }

  /** No attempt runs or will run by itself. */
  get isIdle(): boolean {
    return this.#state.phase === "idle" || this.#state.phase === "stopped";
  }

  /** Instant, in ms, at which a `tick` is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    const state = this.#state;
    const isTimed = state.phase === "trying" || state.phase === "pausing";
    return isTimed && state.deadlineMs < Infinity ? state.deadlineMs : undefined;
  }

  /** Advances by one event at `nowMs`. @returns effects, to be carried out in order. */
  step(event: ReconnectEvent, nowMs: number): readonly ReconnectEffect[] {
    switch (event.type) {
      case "start":
        if (this.#state.phase !== "idle") return NOTHING;
        this.#isStarting = true;
        return this.#try(0, nowMs);
      case "connected":
        if (!this.#isTrying(event.attempt)) return [{ type: "stale", attempt: event.attempt }];
        this.#isStarting = false;
        this.#state = { phase: "up" };
        return [{ type: "up" }];
      case "failed":
        if (!this.#isTrying(event.attempt)) return NOTHING;
        return this.#failed(event.isFatal, event.jitter, nowMs);
      case "lost":
        if (this.#state.phase !== "up" || event.attempt !== this.#attempt) return NOTHING;
        this.#pause(0, event.jitter, nowMs);
        return [{ type: "down" }];
      case "tick":
        return this.#tick(nowMs);
      case "abandon":
        return this.#isStarting ? this.#end("idle") : NOTHING;
      case "stop":
        return this.#end("stopped");
    }
  }

  #isTrying(attempt: number): boolean {
    return this.#state.phase === "trying" && attempt === this.#attempt;
  }

  #try(failures: number, nowMs: number): readonly ReconnectEffect[] {
    this.#attempt += 1;
    this.#state = { phase: "trying", failures, deadlineMs: nowMs + this.#options.attemptTimeoutMs };
    return [{ type: "attempt", attempt: this.#attempt }];
  }

  #failed(isFatal: boolean, jitter: number, nowMs: number): readonly ReconnectEffect[] {
    const failures = this.#state.phase === "trying" ? this.#state.failures + 1 : 1;
    if (isFatal || (this.#isStarting && failures >= this.#options.startAttemptsMax)) {
      this.#state = { phase: "idle" };
      return [{ type: "give-up" }];
    }
    this.#pause(failures, jitter, nowMs);
    return NOTHING;
  }

  #pause(failures: number, jitter: number, nowMs: number): void {
    const { delayMinMs, delayMaxMs } = this.#options;
    const delayMs = Math.min(delayMinMs * 2 ** failures, delayMaxMs);
    this.#state = { phase: "pausing", failures, deadlineMs: nowMs + delayMs * (0.5 + jitter / 2) };
  }

  #tick(nowMs: number): readonly ReconnectEffect[] {
    const state = this.#state;
    if (state.phase === "pausing" && nowMs >= state.deadlineMs) return this.#try(state.failures, nowMs);
    // The state stays: the cancelled attempt reports its failure, and that is when the pause begins.
    if (state.phase === "trying" && nowMs >= state.deadlineMs) {
      this.#state = { ...state, deadlineMs: Infinity };
      return [{ type: "cancel", attempt: this.#attempt }];
    }
    return NOTHING;
  }

  #end(phase: "idle" | "stopped"): readonly ReconnectEffect[] {
    const last = this.#state.phase;
    this.#state = { phase };
    if (last === "trying") return [{ type: "cancel", attempt: this.#attempt }, { type: "give-up" }];
    if (last === "up") return [{ type: "down" }];
    return last === "pausing" ? [{ type: "give-up" }] : NOTHING;
  }
}
