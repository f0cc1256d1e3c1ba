import type { CallbackName, CallbackRequest, Gfid } from "@brickshift/wire";
import type { Capabilities } from "./capabilities.js";
import type { OpenFd } from "./fd-table.js";
import type { HeldLease } from "./lease-table.js";

/** The brick wants a lease back: finish, then UNLOCK every lease held on the inode. */
export interface RecallEvent {
  readonly type: "recall";
  readonly session: number;
  readonly gfid: Gfid;
  /** What may be kept, always 0 so far: nothing. */
  readonly leaseType: number;
  /** Instant of the client's scheduler at which the brick revokes, in ms; `undefined` when it waits as it likes. */
  readonly deadlineMs: number | undefined;
  /** The leases to give back, as far as this client knows. */
  readonly leases: readonly HeldLease[];
}

/** The connection is gone, and what hung on it; also the locks, which are not listed. */
export interface LostEvent {
  readonly type: "lost";
  /** The session that ended; the next one has a higher number. */
  readonly session: number;
  readonly fds: readonly OpenFd[];
  readonly leases: readonly HeldLease[];
  /** Why; `undefined` after an orderly end. */
  readonly error: Error | undefined;
}

/** A connection is ready, the first or another one. */
export interface UpEvent {
  readonly type: "up";
  readonly session: number;
  readonly capabilities: Capabilities;
}

/** No connection will be tried any more: the brick refuses this client. */
export interface GiveUpEvent {
  readonly type: "give-up";
  readonly error: unknown;
}

type OtherCallback = Exclude<CallbackName, "recallLease">;

/** Any other call of the brick, as it came. */
export type CallbackEvent = {
  readonly [N in OtherCallback]: {
    readonly type: "callback";
    readonly name: N;
    readonly session: number;
    readonly request: CallbackRequest<N>;
  };
}[OtherCallback];

/** What a brick tells without being asked, and what becomes of the connection. */
export type ClientEvent = RecallEvent | LostEvent | UpEvent | GiveUpEvent | CallbackEvent;
