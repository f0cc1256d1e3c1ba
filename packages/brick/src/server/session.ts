import { createRpcPeer, type RpcPeer, type Scheduler, withDump } from "@brickshift/rpc";
import type { Connection } from "@brickshift/transport";
import {
  type CallbackName,
  type CallbackRequest,
  callbacks,
  encodeBody,
  isProtocolError,
  type OldDict,
  oldDictOf,
  programs,
} from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { BrickError } from "../brick-error.js";
import type { BrickServerOptions } from "../options.js";
import type { ClientConnection } from "./brick-client.js";
import type { BrickLog } from "./brick-event.js";
import { fopProgram, type FopHost } from "./fop-program.js";
import { handshakeProgram } from "./handshake-program.js";
import { type Credentials, isAllowed } from "./login.js";
import { parseSetvolume, setvolumeReply } from "./setvolume.js";

/** What a session is given by its server. */
export interface SessionInit {
  readonly connection: Connection;
  readonly bricks: ReadonlyMap<string, Brick>;
  readonly options: BrickServerOptions;
  readonly scheduler: Scheduler;
  readonly log: BrickLog;
  /** Identity of the server process, for the handshake. */
  readonly processUuid: string;
}

/** One connection: the handshake, then the fops of one client on one brick, until the connection is gone. */
export class Session implements ClientConnection {
  readonly #init: SessionInit;
  readonly #peer: RpcPeer;
  #host: FopHost | undefined;
  #credentials: Credentials | undefined;
  #hasEnded = false;
  #endCode: string | undefined;
  readonly #disarm: () => void;

  constructor(init: SessionInit) {
    this.#init = init;
    const { connection, options, scheduler, log } = init;
    const handshake = handshakeProgram({ setvolume: (dict) => this.#setvolume(dict) });
    const fops = fopProgram(() => this.#host, log);
    this.#peer = createRpcPeer({
      connection,
      scheduler,
      options: options.rpc,
      programs: withDump([fops, handshake]),
    });
    this.#disarm = scheduler.at(scheduler.nowMs() + options.handshakeTimeoutMs, () => this.#noHandshake());
  }

  /** Settles when the connection is gone and what hung on it is released; with the reason's code, if any. */
  async ended(): Promise<string | undefined> {
    const error = await this.#peer.closed;
    this.#hasEnded = true;
    this.#disarm();
    const host = this.#host;
    this.#host = undefined;
    host?.brick.leave(host.client, this);
    return this.#endCode ?? codeOf(error);
  }

  callback<N extends CallbackName>(name: N, request: CallbackRequest<N>): void {
    const { number: program, version } = programs.callback;
    const { number: procedure, request: codec } = callbacks[name];
    // The codec of a name takes the request of that name: the compiler cannot follow it through the table.
    const body = encodeBody(codec as Parameters<typeof encodeBody<CallbackRequest<N>>>[0], request);
    // Nobody answers a callback; when it is lost the connection is, and that ends the session.
    this.#peer.notify({ program, version, procedure, body }).catch(() => {});
  }

  /**
   * Ends the connection when the rules of its brick let its client in no more.
   * Source: measured, 10.3 ends the connections of clients that changed options of `auth.…` refuse.
   */
  judgeAgain(): void {
    const { brick } = this.#host ?? {};
    if (brick === undefined || this.#credentials === undefined) return;
    if (isAllowed(brick.options.login, this.#credentials)) return;
    const error = new BrickError("BRICK_AUTHENTICATION", "the client is not allowed any more");
    this.#endCode = error.code;
    this.#peer.abort(error);
  }

  /** Ends the connection in order: answers on their way are sent. */
  close(): Promise<void> {
    return this.#peer.close();
  }

  #noHandshake(): void {
    const { handshakeTimeoutMs } = this.#init.options;
    const error = new BrickError("BRICK_HANDSHAKE_TIMEOUT", `no SETVOLUME within ${handshakeTimeoutMs} ms`);
    this.#endCode = error.code;
    this.#peer.abort(error);
  }

  #setvolume(dict: OldDict | null) {
    const { bricks, connection, log, processUuid } = this.#init;
    const { address } = connection.peer;
    try {
      if (this.#host !== undefined || this.#hasEnded) {
        throw new BrickError("BRICK_SETVOLUME_INVALID", "the connection is set up already, or gone");
      }
      const { brick, uid, credentials } = parseSetvolume(dict, bricks, connection.peer);
      this.#host = { brick, client: brick.join(uid, this) };
      this.#credentials = credentials;
      this.#disarm();
      log({ type: "session-open", brick: brick.name, client: uid, address });
      return { opRet: 0, opErrno: 0, dict: setvolumeReply(brick, processUuid) };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      log({ type: "session-refused", address, code: error.code, reason: error.message });
      const reason = error.code === "BRICK_UNKNOWN" ? "remote-subvolume not found" : error.message;
      return {
        opRet: -1,
        opErrno: error.errno,
        dict: oldDictOf({ ERROR: reason, "process-uuid": processUuid }),
      };
    }
  }
}

/** What the transport said is why; that the peer was disconnected follows from it. */
function codeOf(error: (Error & { readonly code: string }) | undefined): string | undefined {
  const cause = error?.cause;
  return isProtocolError(cause) ? cause.code : error?.code;
}
