import type { StrayReply } from "./call-table.js";

/** What a peer noticed and went on; for logs and tests. */
export type RpcEvent =
  | { readonly type: "stray-reply"; readonly xid: number; readonly kind: StrayReply }
  /** A record that does not decode; calls are refused, a reply fails its call. */
  | { readonly type: "bad-record"; readonly error: unknown }
  /** A handler threw something else than a `WireError`; the call got SYSTEM_ERR if it had no answer. */
  | {
      readonly type: "handler-failed";
      readonly program: number;
      readonly procedure: number;
      readonly error: unknown;
    }
  /** An answer could not be sent, and the connection goes down or is down. */
  | { readonly type: "answer-lost"; readonly xid: number; readonly error: unknown }
  | { readonly type: "ping-timeout" };

/** Counts since the peer was made. */
export interface RpcStats {
  readonly callsMade: number;
  readonly callsServed: number;
  /** Calls of ours not answered yet, pings left out. */
  readonly callsOutstanding: number;
  /** Calls of ours that wait for the window. */
  readonly callsWaiting: number;
  /** Calls of the peer being served, blocking ones left out. */
  readonly servesOutstanding: number;
  /** Calls of the peer that wait for a lock or a lease. */
  readonly servesBlocking: number;
  readonly repliesLate: number;
  readonly repliesDuplicate: number;
  readonly repliesUnknown: number;
  readonly pingsSent: number;
}
