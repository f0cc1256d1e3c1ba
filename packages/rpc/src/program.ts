import type { PeerInfo } from "@brickshift/transport";
import type { Auth, Program } from "@brickshift/wire";
import type { Refusal } from "./rpc-error.js";

/** Refusals of a call whose program is served. */
export type CallRefusal = Exclude<Refusal, "programUnavailable" | "programMismatch">;

/** A call being served. It is answered exactly once, by {@link reply} or {@link refuse}, at any time. */
export interface IncomingCall {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly auth: Auth;
  /** The arguments, a view on the record that came. It is the handler's until {@link recycle}. */
  readonly body: Uint8Array;
  /** Who calls. */
  readonly peer: PeerInfo;
  /** Whether the program is one-way, so that an answer goes nowhere. */
  readonly isOneWay: boolean;
  /**
   * Answers with `chunks`, which must not be changed afterwards. When the connection is gone the answer
   * is dropped. The promise, which never rejects, resolves when the chunks are needed no more.
   */
  reply(chunks: readonly Uint8Array[]): Promise<void>;
  /** Answers that the call was not carried out. */
  refuse(refusal: CallRefusal): void;
  /**
   * Says that the call is going to wait for somebody else, for a lock or a lease: it no longer counts
   * against `outstandingCallsMax`. False when too many wait already; the handler must then refuse the
   * call in its own terms. Saying it again changes nothing and gives true.
   */
  block(): boolean;
  /** Hands the record's buffer back for reuse; neither `body` nor a view of it may be used afterwards. Never required. */
  recycle(): void;
}

/**
 * Serves one call. A `WireError` that it throws, or its promise rejects with, answers `garbageArguments`,
 * anything else `systemError`; so it must throw before it answers only.
 */
export type CallHandler = (call: IncomingCall) => void | Promise<void>;

/** One version of a program that a peer serves. */
export interface ServedProgram extends Program {
  /** The procedure numbers served; others answer `procedureUnavailable`. */
  readonly procedures: ReadonlySet<number>;
  readonly handle: CallHandler;
  /** Its calls get no reply, whatever happens; for callbacks. Unknown procedures are ignored. */
  readonly isOneWay?: boolean;
  /** Its calls are answered at once and count against no bound; for pings. */
  readonly isExempt?: boolean;
}
