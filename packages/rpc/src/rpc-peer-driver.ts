import type { Connection, PeerInfo } from "@brickshift/transport";
import { decodeMessage, isProtocolError, RPC_VERSION } from "@brickshift/wire";
import { IncomingCalls } from "./incoming-calls-driver.js";
import { rpcPeerOptions, type RpcPeerOptionsInput } from "./options.js";
import type { CallOptions, CallRequest } from "./call-request.js";
import { OutgoingCalls } from "./outgoing-calls-driver.js";
import type { Scheduler } from "./ports.js";
import type { ServedProgram } from "./program.js";
import { RpcError } from "./rpc-error.js";
import type { RpcEvent, RpcStats } from "./rpc-event.js";
import type { RpcReply } from "./rpc-reply.js";

/** One end of a connection: makes calls and serves calls. */
export interface RpcPeer {
  /** Who is at the other end. */
  readonly peer: PeerInfo;
  /** Settles when the connection is gone: with `undefined` after an orderly end, with the reason otherwise. Never rejects. */
  readonly closed: Promise<RpcError | undefined>;
  /**
   * Makes a call and resolves with its reply. It is sent once, never again.
   *
   * Rejects with {@link RpcError}; its `executed` tells whether the peer may have carried the call out:
   * `RPC_TIMEOUT`, `RPC_ABORTED`, `RPC_DISCONNECTED`, `RPC_PING_TIMEOUT`, `RPC_CLOSED` (no reply),
   * `RPC_DENIED`, `RPC_REJECTED` (the peer's refusal, see `refusal`), `RPC_GARBAGE` (a reply that does not
   * decode), `RPC_QUEUE_FULL`, `RPC_RECORD_TOO_LARGE` (not sent); or with a `WireError` when `auth` does not encode.
   */
  call(request: CallRequest, options?: CallOptions): Promise<RpcReply>;
  /** Sends a one-way call, such as a callback. Resolves when its bytes are needed no more. Rejects as {@link call} does. */
  notify(request: CallRequest): Promise<void>;
  stats(): RpcStats;
  /**
   * Orderly end: calls made before are sent, later ones refused with `RPC_CLOSED`; replies are taken until the
   * other end closes as well, or `closeTimeoutMs` has passed. Resolves with {@link closed}. Harmless when repeated.
   */
  close(): Promise<void>;
  /** Ends the connection at once; calls outstanding fail with `RPC_CLOSED`. Harmless when repeated. */
  abort(reason?: Error): void;
}

/** What a peer is made of. */
export interface RpcPeerInit {
  /** The peer takes it over: it calls `receive` and closes it. */
  readonly connection: Connection;
  readonly scheduler: Scheduler;
  readonly options?: RpcPeerOptionsInput;
  /** What it serves; nothing by default. */
  readonly programs?: readonly ServedProgram[];
  /** Hears of what went wrong and was dealt with. Must not throw. */
  readonly onEvent?: (event: RpcEvent) => void;
}

/**
 * Makes a peer of a connection.
 * @throws ZodError when `options` do not fit `rpcPeerOptions`.
 */
export function createRpcPeer(init: RpcPeerInit): RpcPeer {
  const { connection, scheduler, programs = [], onEvent: report = () => {} } = init;
  const options = rpcPeerOptions.parse(init.options ?? {});
  const outgoing = new OutgoingCalls(connection, scheduler, options, report);
  const noteSent = () => outgoing.noteSent();
  const incoming = new IncomingCalls(connection, programs, options, { report, noteSent });
  let closeError: RpcError | undefined;
  let disarmClose = () => {};

  const closed = connection.closed.then((error) => {
    disarmClose();
    incoming.down();
    return outgoing.down(error, closeError);
  });
  connection.receive((record) => {
    outgoing.noteReceived();
    return receiveRecord(record, incoming, outgoing, report, connection);
  });

  const abort = (reason?: Error) => {
    closeError ??= new RpcError("RPC_CLOSED", "closed by this side", { cause: reason });
    connection.abort(reason);
  };
  return {
    peer: connection.peer,
    closed,
    call: (request, callOptions = {}) =>
      closeError === undefined ? outgoing.call(request, callOptions) : Promise.reject(closeError),
    notify: (request) => (closeError === undefined ? outgoing.notify(request) : Promise.reject(closeError)),
    stats: () => statsOf(outgoing, incoming),
    close: async () => {
      if (closeError === undefined) {
        closeError = new RpcError("RPC_CLOSED", "closed by this side");
        disarmClose = scheduler.at(scheduler.nowMs() + options.closeTimeoutMs, () =>
          connection.abort(closeError),
        );
        void connection.close();
      }
      await closed;
    },
    abort,
  };
}

/** Takes one record apart: a call goes to `incoming`, a reply to `outgoing`. */
function receiveRecord(
  record: Uint8Array,
  incoming: IncomingCalls,
  outgoing: OutgoingCalls,
  report: (event: RpcEvent) => void,
  connection: Connection,
): void | Promise<void> {
  let message: ReturnType<typeof decodeMessage>;
  try {
    message = decodeMessage(record);
  } catch (error) {
    report({ type: "bad-record", error });
    receiveGarbage(record, error, incoming, outgoing, connection);
    return undefined;
  }
  if (message.kind === "call") return incoming.serve(message.header, message.body, record);
  const { header, body } = message;
  outgoing.reply(header.xid, { header, body, record });
  return undefined;
}

const CALL = 0;
const REPLY = 1;

/** Answers, as far as it can be told to whom; what is no message at all ends the connection. */
function receiveGarbage(
  record: Uint8Array,
  error: unknown,
  incoming: IncomingCalls,
  outgoing: OutgoingCalls,
  connection: Connection,
): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const type = record.length >= 8 ? view.getUint32(4) : undefined;
  if (type === REPLY) outgoing.reply(view.getUint32(0), undefined, error);
  else if (type === CALL) {
    const xid = view.getUint32(0);
    const isOtherVersion = record.length >= 12 && view.getUint32(8) !== RPC_VERSION;
    const isAuth = isProtocolError(error) && error.code === "WIRE_AUTH";
    if (isOtherVersion) incoming.refuse(xid, "version");
    else incoming.refuse(xid, isAuth ? "auth" : "garbage");
  } else connection.abort(new RpcError("RPC_GARBAGE", "a record is no message", { cause: error }));
}

function statsOf(outgoing: OutgoingCalls, incoming: IncomingCalls): RpcStats {
  const { made, late, duplicate, unknown, pings } = outgoing.counts;
  return {
    callsMade: made,
    callsServed: incoming.served,
    callsOutstanding: outgoing.outstanding,
    callsWaiting: outgoing.waiting,
    servesOutstanding: incoming.outstanding,
    servesBlocking: incoming.blocking,
    repliesLate: late,
    repliesDuplicate: duplicate,
    repliesUnknown: unknown,
    pingsSent: pings,
  };
}
