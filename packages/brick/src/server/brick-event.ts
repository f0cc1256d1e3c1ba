import type { ClientUid, Gfid } from "@brickshift/wire";
import type { DownReason } from "../brick.js";

/** What a brick server tells the application, for its log. It never waits for the application. */
export type BrickEvent =
  /** A connection came; `count` are open now. */
  | { readonly type: "connection-open"; readonly address: string; readonly count: number }
  /** A connection came beyond `connectionsMax` and was ended. */
  | { readonly type: "connection-refused"; readonly address: string }
  | {
      readonly type: "connection-closed";
      readonly address: string;
      /** Code of a `TransportError`, `RpcError` or `BrickError`; `undefined` after an orderly end. */
      readonly code: string | undefined;
    }
  /** SETVOLUME succeeded. */
  | {
      readonly type: "session-open";
      readonly brick: string;
      readonly client: ClientUid;
      readonly address: string;
    }
  /** SETVOLUME was refused with `errno`. */
  | {
      readonly type: "session-refused";
      readonly address: string;
      readonly code: string;
      readonly reason: string;
    }
  /** The last connection of a client is gone; what it held is released. */
  | {
      readonly type: "session-closed";
      readonly brick: string;
      readonly client: ClientUid;
      readonly fds: number;
      readonly locks: number;
    }
  /** A body that did not decode; answered GARBAGE_ARGS. */
  | {
      readonly type: "garbage";
      readonly address: string;
      readonly procedure: string;
      readonly reason: string;
    }
  /** A fop failed in a way that is the brick's own fault; answered with `errno`. */
  | {
      readonly type: "fault";
      readonly brick: string;
      readonly fop: string;
      readonly errno: number;
      readonly error: unknown;
    }
  /** The brick is down for its clients for this reason, or for one more. */
  | {
      readonly type: "child-down";
      readonly brick: string;
      readonly reason: DownReason;
      /** What the store failed with. */
      readonly error?: unknown;
    }
  /** This reason is over; the brick is up unless there is another. */
  | { readonly type: "child-up"; readonly brick: string; readonly reason: DownReason }
  /** A lease was asked back. */
  | { readonly type: "recall"; readonly brick: string; readonly client: ClientUid; readonly gfid: Gfid }
  /** A lease was ended by the brick. */
  | {
      readonly type: "revoke";
      readonly brick: string;
      readonly client: ClientUid;
      readonly gfid: Gfid;
      readonly reason: string;
    };

/**
 * Takes events. It must not call back into the server. One that throws harms no connection and no fop: the server lets
 * what it threw come out of a timer, as the uncaught exception that it is.
 */
export type BrickLog = (event: BrickEvent) => void;
