import type { TransportError } from "./transport-error.js";

/** Who is at the other end, as far as the transport knows. */
export interface PeerInfo {
  /** Address in the transport's own notation, such as `tcp://127.0.0.1:49152`. */
  readonly address: string;
  /** Common name of the certificate that the peer proved to hold; TLS only. */
  readonly certificateName?: string;
}

/**
 * Takes one whole record, without its mark. The bytes belong to the handler from then on. While the
 * promise that it returned is pending the transport delivers nothing more and, its buffers full, stops reading.
 */
export type RecordHandler = (record: Uint8Array) => void | Promise<void>;

/**
 * A two-way connection that carries whole records in order.
 *
 * States: open → (closing) → closed. Both ends may send at once. A record arrives whole or not at all.
 */
export interface Connection {
  readonly peer: PeerInfo;

  /**
   * Settles when the connection is closed for good: with `undefined` after an orderly end of both
   * directions, with the reason otherwise. Never rejects.
   */
  readonly closed: Promise<TransportError | undefined>;

  /**
   * Sends one record, given as chunks in order. The chunks must not be changed until the promise
   * settles; it resolves when the transport needs them no more, which is also the back-pressure: a
   * sender that does not wait is bounded by `sendQueueBytesMax` only.
   *
   * Rejects with {@link TransportError} `TRANSPORT_CLOSED` (nothing was sent), `TRANSPORT_LOST` (may
   * have been sent), `TRANSPORT_RECORD_TOO_LARGE` or `TRANSPORT_QUEUE_FULL` (nothing was sent, the
   * connection goes on). Handle the rejection also where you do not wait, or Node ends the process.
   */
  send(chunks: readonly Uint8Array[]): Promise<void>;

  /**
   * Starts delivery of records, in order, one at a time. Called once; records that came before are
   * kept. A handler that throws or rejects aborts the connection with `TRANSPORT_HANDLER_FAILED`.
   *
   * `onEnd` is called once when the peer has closed its direction and every record was handled; this
   * end may go on sending, and must {@link close} when it is done. Without `onEnd` it closes by itself then.
   */
  receive(handler: RecordHandler, onEnd?: () => void): void;

  /** Hands a record's buffer back for reuse; the caller must hold no view of it. Never required. */
  recycle?(record: Uint8Array): void;

  /**
   * Orderly end: what was sent before is delivered, then the direction is closed; records of the peer
   * are still received until it closes too (dropped when there is no handler). Resolves when
   * {@link closed} settles, which is up to the peer: who cannot wait sets a timer and aborts. Calling
   * it again is harmless.
   */
  close(): Promise<void>;

  /**
   * Ends both directions at once; unsent and undelivered records are dropped. `closed` settles with
   * `reason` when it is a {@link TransportError}, else with `TRANSPORT_ABORTED` and `reason` as cause.
   * The peer finds the connection lost or, where the transport cannot tell it, closed. Harmless when closed.
   */
  abort(reason?: Error): void;
}

/** A place where connections arrive. */
export interface Listener {
  /** The address to connect to, with the port that was really bound. */
  readonly address: string;
  /** Stops listening; connections that are open stay. Resolves when the address is free. */
  close(): Promise<void>;
}

/**
 * Takes a new connection; it must call {@link Connection.receive} to get its records. One that throws
 * aborts the connection with `TRANSPORT_HANDLER_FAILED`.
 */
export type ConnectionHandler = (connection: Connection) => void;

/**
 * A way to make connections. Implementations are packages of their own, made with a factory
 * `create<Name>Transport(options)`, and pass the compliance suite of `@brickshift/testkit`.
 */
export interface Transport {
  /** URL schemes that it understands, without colon: `["tcp"]`. */
  readonly schemes: readonly string[];

  /**
   * Connects to `address`. Rejects with {@link TransportError} `TRANSPORT_ADDRESS` (malformed),
   * `TRANSPORT_REFUSED` (nobody listens), `TRANSPORT_UNREACHABLE`, `TRANSPORT_TLS` (handshake) or
   * `TRANSPORT_ABORTED` (signal).
   */
  connect(address: string, options?: { readonly signal?: AbortSignal }): Promise<Connection>;

  /**
   * Listens on `address`. Rejects with {@link TransportError} `TRANSPORT_ADDRESS`,
   * `TRANSPORT_ADDRESS_IN_USE`, `TRANSPORT_PERMISSION`.
   */
  listen(address: string, onConnection: ConnectionHandler): Promise<Listener>;
}
