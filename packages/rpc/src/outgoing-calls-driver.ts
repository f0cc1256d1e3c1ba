import type { Connection } from "@brickshift/transport";
import { dump, encodeCall, NULL_AUTH, programs, type ReplyHeader } from "@brickshift/wire";
import { failureText, sendFailureCode } from "./call-failure.js";
import { callDeadlineMs, type CallOptions, type CallRequest } from "./call-request.js";
import { type CallEffect, type CallFailure, type CallLane, CallTable } from "./call-table.js";
import type { RpcPeerOptions } from "./options.js";
import { PingWatch } from "./ping-watch.js";
import type { Scheduler } from "./ports.js";
import { refusalError } from "./refusal.js";
import { RpcError } from "./rpc-error.js";
import type { RpcEvent } from "./rpc-event.js";
import { RpcReply } from "./rpc-reply.js";

interface PendingCall {
  readonly request: CallRequest;
  readonly resolve: (reply: RpcReply) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  /** Why it could not be sent, once that is known. */
  sendError: unknown;
}

/** A decoded reply and the record that it came in. */
export interface IncomingReply {
  readonly header: ReplyHeader;
  readonly body: Uint8Array;
  readonly record: Uint8Array;
}

/** The calls that one peer makes: gives {@link CallTable} and {@link PingWatch} their time and their hands. */
export class OutgoingCalls {
  readonly #connection: Connection;
  readonly #scheduler: Scheduler;
  readonly #options: RpcPeerOptions;
  readonly #report: (event: RpcEvent) => void;
  readonly #table: CallTable<PendingCall>;
  readonly #ping: PingWatch;
  #downError: RpcError | undefined;
  #armedMs = Infinity;
  #disarm = () => {};
  readonly counts = { made: 0, late: 0, duplicate: 0, unknown: 0, pings: 0 };

  constructor(
    connection: Connection,
    scheduler: Scheduler,
    options: RpcPeerOptions,
    report: (event: RpcEvent) => void,
  ) {
    this.#connection = connection;
    this.#scheduler = scheduler;
    this.#options = options;
    this.#report = report;
    this.#table = new CallTable(options, options.lastXid);
    this.#ping = new PingWatch(options.pingTimeoutMs);
  }

  get outstanding(): number {
    return this.#table.outstanding;
  }

  get waiting(): number {
    return this.#table.waiting;
  }

  call(request: CallRequest, options: CallOptions): Promise<RpcReply> {
    const deadlineMs = callDeadlineMs(options, this.#scheduler, this.#options.callTimeoutMs);
    const lane = options.isExempt === true ? "exempt" : "window";
    return new Promise((resolve, reject) => {
      this.#start(
        { request, resolve, reject, signal: options.signal, onAbort: undefined, sendError: undefined },
        lane,
        deadlineMs,
      );
    });
  }

  /** Sends a call that gets no reply. Rejects with {@link RpcError} when it was not sent. */
  async notify(request: CallRequest): Promise<void> {
    if (this.#downError !== undefined) throw this.#downError;
    const { body, auth = NULL_AUTH, ...target } = request;
    const xid = this.#table.takeXid();
    this.#ping.step({ type: "sent" }, this.#scheduler.nowMs());
    try {
      await this.#connection.send(encodeCall({ xid, auth, ...target }, body));
    } catch (error) {
      throw new RpcError(sendFailureCode(error) ?? "RPC_DISCONNECTED", "the call was not sent", {
        executed: sendFailureCode(error) === undefined ? "maybe" : "no",
        cause: error,
      });
    }
  }

  /** Something other than a call was sent. */
  noteSent(): void {
    this.#ping.step({ type: "sent" }, this.#scheduler.nowMs());
  }

  noteReceived(): void {
    this.#ping.step({ type: "received" }, this.#scheduler.nowMs());
  }

  /** Takes the reply with this xid; `undefined` for one whose bytes do not decode. */
  reply(xid: number, reply: IncomingReply | undefined, decodeError?: unknown): void {
    for (const effect of this.#table.step({ type: "reply", xid }, this.#scheduler.nowMs())) {
      if (effect.type !== "settle") this.#apply(effect);
      else if (reply !== undefined) this.#settle(effect.token, reply);
      else {
        const details = { executed: "maybe", cause: decodeError } as const;
        this.#reject(effect.token, new RpcError("RPC_GARBAGE", "the reply does not decode", details));
      }
    }
  }

  /**
   * The connection is gone: fails every call, and later ones with the same code.
   * @param cause what the transport said, if the end was not orderly.
   * @param own why this side ended it, if it did.
   * @returns the reason; `undefined` after an orderly end.
   */
  down(cause: Error | undefined, own: RpcError | undefined): RpcError | undefined {
    const isOrderly = cause === undefined && this.#downError === undefined;
    this.#downError ??= own ?? new RpcError("RPC_DISCONNECTED", "the connection is gone", { cause });
    this.#disarm();
    this.#applyAll(this.#table.step({ type: "down" }, this.#scheduler.nowMs()));
    return isOrderly ? undefined : this.#downError;
  }

  #start(call: PendingCall, lane: CallLane, deadlineMs: number): void {
    const { signal } = call;
    if (signal?.aborted === true) {
      call.reject(new RpcError("RPC_ABORTED", "given up before it was made", { cause: signal.reason }));
      return;
    }
    const bytes = call.request.body.reduce((sum, chunk) => sum + chunk.length, 0);
    const nowMs = this.#scheduler.nowMs();
    let effects: readonly CallEffect<PendingCall>[];
    try {
      effects = this.#table.step({ type: "call", token: call, bytes, deadlineMs, lane }, nowMs);
    } catch (error) {
      call.reject(this.#downError ?? (error as RpcError));
      return;
    }
    this.counts.made += 1;
    if (signal !== undefined) {
      const { xid } = effects[0] as CallEffect<PendingCall> & { type: "send" };
      call.onAbort = () => this.#applyAll(this.#table.step({ type: "cancel", xid }, this.#scheduler.nowMs()));
      signal.addEventListener("abort", call.onAbort, { once: true });
    }
    this.#applyAll(effects);
    this.#arm();
  }

  #applyAll(effects: readonly CallEffect<PendingCall>[]): void {
    for (const effect of effects) this.#apply(effect);
  }

  #apply(effect: CallEffect<PendingCall>): void {
    switch (effect.type) {
      case "send":
        this.#send(effect.xid, effect.token);
        return;
      case "fail":
        this.#reject(effect.token, this.#failure(effect.token, effect));
        return;
      case "stray":
        this.counts[effect.kind] += 1;
        this.#report({ type: "stray-reply", xid: effect.xid, kind: effect.kind });
        return;
      case "settle":
      case "wait":
    }
  }

  #send(xid: number, call: PendingCall): void {
    const { body, auth = NULL_AUTH, program, version, procedure } = call.request;
    // One signal may end many calls: those that waited must not be sent into the room that others leave.
    if (call.signal?.aborted === true) {
      this.#unsent(xid, call, "RPC_ABORTED", undefined);
      return;
    }
    let chunks: readonly Uint8Array[];
    try {
      chunks = encodeCall({ xid, program, version, procedure, auth }, body);
    } catch (error) {
      this.#unsent(xid, call, "RPC_ABORTED", error);
      return;
    }
    this.#connection.send(chunks).then(undefined, (error: unknown) => {
      const code = sendFailureCode(error);
      // Without a code the connection is lost, which fails this call with the others.
      if (code !== undefined) this.#unsent(xid, call, code, error);
    });
    for (const effect of this.#ping.step({ type: "call" }, this.#scheduler.nowMs())) this.#applyPing(effect);
  }

  #unsent(xid: number, call: PendingCall, code: CallFailure, error: unknown): void {
    call.sendError = error;
    this.#applyAll(this.#table.step({ type: "unsent", xid, code }, this.#scheduler.nowMs()));
  }

  #failure(call: PendingCall, effect: CallEffect<PendingCall> & { type: "fail" }): Error {
    const { code, executed } = effect;
    if (code === "RPC_DISCONNECTED" && this.#downError !== undefined) {
      return new RpcError(this.#downError.code, "the connection is gone", {
        executed,
        cause: this.#downError.cause,
      });
    }
    // The call itself cannot be encoded: its `WireError` says what is wrong with it.
    if (code === "RPC_ABORTED" && call.sendError instanceof Error) return call.sendError;
    const cause = call.sendError ?? (code === "RPC_ABORTED" ? call.signal?.reason : undefined);
    return new RpcError(code, failureText[code], { executed, cause });
  }

  #settle(call: PendingCall, reply: IncomingReply): void {
    this.#unlisten(call);
    const { header, body, record } = reply;
    const error = refusalError(header);
    if (error === undefined) {
      call.resolve(new RpcReply(body, record, this.#connection));
      return;
    }
    this.#connection.recycle?.(record);
    call.reject(error);
  }

  #reject(call: PendingCall, error: Error): void {
    this.#unlisten(call);
    call.reject(error);
  }

  #unlisten(call: PendingCall): void {
    if (call.onAbort !== undefined) call.signal?.removeEventListener("abort", call.onAbort);
  }

  #applyPing(effect: "ping" | "dead"): void {
    switch (effect) {
      case "ping": {
        this.counts.pings += 1;
        const { number: program, version } = programs.dump;
        const pong = () => this.#ping.step({ type: "pong" }, this.#scheduler.nowMs());
        // A refusal is an answer, too: whoever refuses is alive.
        const reject = (error: Error) => {
          if ((error as RpcError).refusal !== undefined) pong();
        };
        const request = { program, version, procedure: dump.ping.number, body: [] };
        const call = {
          request,
          resolve: pong,
          reject,
          signal: undefined,
          onAbort: undefined,
          sendError: undefined,
        };
        this.#start(call, "ping", Infinity);
        return;
      }
      case "dead":
        this.#report({ type: "ping-timeout" });
        this.#downError = new RpcError("RPC_PING_TIMEOUT", "the peer is silent", { executed: "maybe" });
        this.#connection.abort(this.#downError);
    }
  }

  #arm(): void {
    const dueMs = Math.min(this.#table.deadlineMs ?? Infinity, this.#ping.deadlineMs ?? Infinity);
    // Calls come and go much more often than time runs out: a timer that fires early costs less than one per call.
    if (dueMs >= this.#armedMs || this.#downError !== undefined) return;
    this.#disarm();
    this.#armedMs = dueMs;
    this.#disarm = this.#scheduler.at(dueMs, () => this.#tick());
  }

  #tick(): void {
    this.#armedMs = Infinity;
    const nowMs = this.#scheduler.nowMs();
    this.#applyAll(this.#table.step({ type: "tick" }, nowMs));
    const { outstanding } = this.#table;
    for (const effect of this.#ping.step({ type: "tick", outstanding }, nowMs)) this.#applyPing(effect);
    this.#arm();
  }
}
