import { rpcClientOptions, type RpcClientOptions } from "./options.js";
import { callDeadlineMs, type CallOptions, type CallRequest } from "./call-request.js";
import type { Scheduler } from "./ports.js";
import { Reconnect, type ReconnectEffect, type ReconnectEvent } from "./reconnect.js";
import type { RpcClient, RpcClientInit } from "./rpc-client.js";
import { RpcError } from "./rpc-error.js";
import { createRpcPeer, type RpcPeer } from "./rpc-peer-driver.js";
import type { RpcReply } from "./rpc-reply.js";
import { WaitingRoom } from "./waiting-room.js";

/**
 * Makes a client; nothing happens before `start`.
 * @throws ZodError when `options` do not fit `rpcClientOptions`.
 */
export function createRpcClient(init: RpcClientInit): RpcClient {
  return new ReconnectingClient(init, rpcClientOptions.parse(init.options ?? {}));
}

interface WaitingCall {
  readonly request: CallRequest;
  readonly options: CallOptions;
  readonly resolve: (reply: RpcReply | Promise<RpcReply>) => void;
  readonly reject: (error: Error) => void;
  onAbort: (() => void) | undefined;
}

interface Starting {
  readonly ended: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class ReconnectingClient implements RpcClient {
  readonly #init: RpcClientInit;
  readonly #options: RpcClientOptions;
  readonly #scheduler: Scheduler;
  readonly #reconnect: Reconnect;
  readonly #room: WaitingRoom<WaitingCall>;
  #session = 0;
  /** The attempt's own peer until it is up, then the current one. */
  #peer: RpcPeer | undefined;
  #attempt: AbortController | undefined;
  #starting: Starting | undefined;
  #lastError: unknown;
  #downError: RpcError | undefined;
  #isClosed = false;
  #armedMs = Infinity;
  #disarm = () => {};

  constructor(init: RpcClientInit, options: RpcClientOptions) {
    this.#init = init;
    this.#options = options;
    this.#scheduler = init.scheduler;
    this.#reconnect = new Reconnect(options.reconnect);
    this.#room = new WaitingRoom(options.peer);
  }

  get session(): number {
    return this.#session;
  }

  get peer(): RpcPeer | undefined {
    return this.#reconnect.isUp ? this.#peer : undefined;
  }

  start(signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#reconnect.isUp) return Promise.resolve();
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    this.#starting ??= newStarting();
    const { ended } = this.#starting;
    const giveUp = () => {
      this.#lastError = abortedError(signal as AbortSignal);
      this.#step({ type: "abandon" });
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#step({ type: "start" });
    return ended.finally(() => signal?.removeEventListener("abort", giveUp));
  }

  call(request: CallRequest, options: CallOptions = {}): Promise<RpcReply> {
    const { peer } = this;
    if (peer !== undefined) return peer.call(request, options);
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#options.whileDown === "fail" || this.#reconnect.isIdle) {
      return Promise.reject(this.#notConnected());
    }
    return this.#wait(request, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const peer = this.#peer;
    this.#step({ type: "stop" });
    await peer?.close();
  }

  #step(event: ReconnectEvent): void {
    for (const effect of this.#reconnect.step(event, this.#scheduler.nowMs())) this.#apply(effect);
    this.#arm();
  }

  #apply(effect: ReconnectEffect): void {
    switch (effect.type) {
      case "attempt":
        void this.#try(effect.attempt);
        return;
      case "cancel":
        this.#attempt?.abort(new RpcError("RPC_TIMEOUT", "no connection in time"));
        return;
      case "stale":
        this.#peer?.abort();
        return;
      case "up":
        this.#up();
        return;
      case "down":
        this.#init.onDown?.(this.#session, this.#downError);
        if (this.#options.whileDown === "fail") this.#releaseAll(this.#notConnected());
        return;
      case "give-up":
        this.#giveUp();
    }
  }

  /** Makes a connection and shakes hands, and tells the core what came of it. */
  async #try(attempt: number): Promise<void> {
    const controller = new AbortController();
    this.#attempt = controller;
    let peer: RpcPeer | undefined;
    try {
      const { signal } = controller;
      const { connect, handshake } = this.#init;
      peer = await this.#connect(connect, signal);
      const elsewhere = await untilAborted(handshake?.(peer, signal), signal);
      if (elsewhere !== undefined) {
        void peer.close();
        peer = await this.#connect(elsewhere.connect, signal);
        await untilAborted(elsewhere.handshake(peer, signal), signal);
      }
    } catch (error) {
      peer?.abort();
      // Of an attempt that was cancelled, the reason is told by whoever cancelled it.
      if (this.#attempt === controller && !this.#reconnect.isIdle) this.#lastError = error;
      const isFatal = this.#init.isFatal?.(error) === true;
      this.#step({ type: "failed", attempt, isFatal, jitter: this.#init.random.next() });
      return;
    }
    this.#peer = peer;
    this.#step({ type: "connected", attempt });
    const error = await peer.closed;
    this.#downError = error;
    if (error !== undefined) this.#lastError = error;
    this.#step({ type: "lost", attempt, jitter: this.#init.random.next() });
  }

  async #connect(connect: RpcClientInit["connect"], signal: AbortSignal): Promise<RpcPeer> {
    const { scheduler, programs, onEvent } = this.#init;
    const connecting = connect(signal);
    // A connection that comes after the attempt was given up belongs to nobody.
    connecting.then((connection) => signal.aborted && connection.abort()).catch(() => {});
    const connection = await untilAborted(connecting, signal);
    return createRpcPeer({
      connection,
      scheduler,
      options: this.#options.peer,
      ...(programs === undefined ? {} : { programs }),
      ...(onEvent === undefined ? {} : { onEvent }),
    });
  }

  #up(): void {
    this.#session += 1;
    this.#starting?.resolve();
    this.#starting = undefined;
    this.#init.onUp?.(this.#session);
    for (const { request, options, resolve, ...waiter } of this.#room.takeAll()) {
      this.#unlisten(waiter, options);
      resolve((this.#peer as RpcPeer).call(request, options));
    }
  }

  #giveUp(): void {
    const error = this.#isClosed ? closedError() : this.#lastError;
    this.#starting?.reject(error);
    this.#starting = undefined;
    this.#releaseAll(this.#isClosed ? closedError() : this.#notConnected());
    if (!this.#isClosed) this.#init.onGiveUp?.(error);
  }

  #notConnected(): RpcError {
    return new RpcError("RPC_DISCONNECTED", "not connected", { cause: this.#lastError });
  }

  #wait(request: CallRequest, options: CallOptions): Promise<RpcReply> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    const deadlineMs = callDeadlineMs(options, this.#scheduler, this.#options.peer.callTimeoutMs);
    const bytes = request.body.reduce((sum, chunk) => sum + chunk.length, 0);
    return new Promise((resolve, reject) => {
      const call: WaitingCall = {
        request,
        options: { ...options, deadlineMs },
        resolve,
        reject,
        onAbort: undefined,
      };
      const ticket = this.#room.enter(call, bytes, deadlineMs);
      if (signal !== undefined) {
        call.onAbort = () => {
          this.#room.leave(ticket);
          reject(abortedError(signal));
        };
        signal.addEventListener("abort", call.onAbort, { once: true });
      }
      this.#arm();
    });
  }

  #release(call: WaitingCall, error: RpcError): void {
    this.#unlisten(call, call.options);
    call.reject(error);
  }

  #releaseAll(error: RpcError): void {
    for (const call of this.#room.takeAll()) this.#release(call, error);
  }

  #unlisten({ onAbort }: Pick<WaitingCall, "onAbort">, { signal }: CallOptions): void {
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
  }

  #arm(): void {
    const dueMs = Math.min(this.#reconnect.deadlineMs ?? Infinity, this.#room.deadlineMs ?? Infinity);
    if (dueMs === this.#armedMs) return;
    this.#disarm();
    this.#armedMs = dueMs;
    this.#disarm = dueMs === Infinity ? () => {} : this.#scheduler.at(dueMs, () => this.#tick());
  }

  #tick(): void {
    this.#armedMs = Infinity;
    for (const call of this.#room.takeDue(this.#scheduler.nowMs())) {
      this.#release(call, new RpcError("RPC_TIMEOUT", "no connection in time"));
    }
    this.#step({ type: "tick" });
  }
}

function closedError(): RpcError {
  return new RpcError("RPC_CLOSED", "closed by this side");
}

function abortedError(signal: AbortSignal): RpcError {
  return new RpcError("RPC_ABORTED", "given up by the caller", { cause: signal.reason });
}

function newStarting(): Starting {
  let resolve = () => {};
  let reject: Starting["reject"] = () => {};
  const ended = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { ended, resolve, reject };
}

/** What `work` gives, or a rejection with the signal's reason as soon as it is aborted. */
function untilAborted<T>(work: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
