import type { Auth } from "@brickshift/wire";
import type { Scheduler } from "./ports.js";

/** A call to make. */
export interface CallRequest {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** Absent for AUTH_NULL. */
  readonly auth?: Auth;
  /** The arguments, in chunks that must not be changed before the call's promise settles, nor ever after `RPC_TIMEOUT` or `RPC_ABORTED`. */
  readonly body: readonly Uint8Array[];
}

/** How long to wait for a call, and how to stop waiting. */
export interface CallOptions {
  /** Time for the call, waiting included, in ms; `Infinity` for ever. `callTimeoutMs` of the peer by default. */
  readonly timeoutMs?: number;
  /** The same as an instant of the scheduler; goes before `timeoutMs`. */
  readonly deadlineMs?: number;
  /** Gives the call up when aborted. What was sent cannot be taken back: the error says if it may be carried out. */
  readonly signal?: AbortSignal;
  /** Sends the call at once, whatever the window: for one that may wait for others, or ends the wait of others. */
  readonly isExempt?: boolean;
}

/** The instant at which a call is given up. */
export function callDeadlineMs(options: CallOptions, scheduler: Scheduler, timeoutMs: number): number {
  return options.deadlineMs ?? scheduler.nowMs() + (options.timeoutMs ?? timeoutMs);
}
