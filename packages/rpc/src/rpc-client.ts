import type { Connection } from "@brickshift/transport";
import type { RpcClientOptionsInput } from "./options.js";
import type { CallOptions, CallRequest } from "./call-request.js";
import type { Random, Scheduler } from "./ports.js";
import type { ServedProgram } from "./program.js";
import type { RpcError } from "./rpc-error.js";
import type { RpcEvent } from "./rpc-event.js";
import type { RpcPeer } from "./rpc-peer-driver.js";
import type { RpcReply } from "./rpc-reply.js";

/** Where the peer that is wanted is to be found, as a handshake learned; every attempt begins at the first place. */
export interface Elsewhere {
  readonly connect: RpcClientInit["connect"];
  /** As {@link RpcClientInit.handshake}, but it may not send on once more. */
  readonly handshake: (peer: RpcPeer, signal: AbortSignal) => Promise<void>;
}

/** What a client is made of. */
export interface RpcClientInit {
  /** Makes a connection; rejects when it cannot, or when `signal` is aborted. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly options?: RpcClientOptionsInput;
  /** What is served on every connection, such as callbacks. */
  readonly programs?: readonly ServedProgram[];
  /**
   * Runs on each new connection before any other call; when it rejects the connection is dropped. When it resolves
   * with a place {@link Elsewhere} the connection is ended, one is made there, and it shakes hands again.
   */
  readonly handshake?: (peer: RpcPeer, signal: AbortSignal) => Promise<Elsewhere | void>;
  /** Whether a failure of `connect` or `handshake` will not go away by trying again. Never, by default. */
  readonly isFatal?: (error: unknown) => boolean;
  /** A connection is ready. Runs before the calls that waited for it are sent. Must not throw. */
  readonly onUp?: (session: number) => void;
  /** The connection is gone; its outstanding calls have failed. `error` is absent after an orderly end. Must not throw. */
  readonly onDown?: (session: number, error: RpcError | undefined) => void;
  /** No connection will be tried any more, until `start` is called again; not told after `close`. Must not throw. */
  readonly onGiveUp?: (error: unknown) => void;
  readonly onEvent?: (event: RpcEvent) => void;
}

/** A peer that comes back: one connection at a time, made again when it is lost. */
export interface RpcClient {
  /** Counts the connections that came up; 0 before the first. */
  readonly session: number;
  /** The peer of the connection that is up. */
  readonly peer: RpcPeer | undefined;
  /**
   * Connects, and stays connected from then on. Resolves when up. Rejects with what `connect` or
   * `handshake` rejected with once `startAttemptsMax` attempts have failed or `isFatal` says so, with `RPC_ABORTED`
   * when `signal` is aborted, with `RPC_CLOSED` when closed. After a rejection it can be called again.
   */
  start(signal?: AbortSignal): Promise<void>;
  /**
   * Makes a call, as {@link RpcPeer.call}. Without a connection it waits, within its time, or fails at once
   * with `RPC_DISCONNECTED` (`executed: "no"`), as `whileDown` says; and always when nobody tries to connect.
   * A call that was sent is never sent again, whatever becomes of the connection.
   */
  call(request: CallRequest, options?: CallOptions): Promise<RpcReply>;
  /** Ends the connection in order and makes no more. Harmless when repeated. */
  close(): Promise<void>;
}
