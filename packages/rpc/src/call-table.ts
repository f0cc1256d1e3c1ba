import { invariant } from "@brickshift/wire";
import { CallQueue } from "./call-queue.js";
import type { CallLimits } from "./options.js";
import { type Executed, RpcError } from "./rpc-error.js";

/**
 * `window`: waits while the window is full. `exempt`: sent at once, for calls that wait for others or that
 * others wait for, such as locks and unlocks. `ping`: sent at once and counted nowhere, one at a time.
 */
export type CallLane = "window" | "exempt" | "ping";

/** Why the table gives a call up. */
export type CallFailure =
  | "RPC_TIMEOUT"
  | "RPC_ABORTED"
  | "RPC_DISCONNECTED"
  | "RPC_QUEUE_FULL"
  | "RPC_RECORD_TOO_LARGE";

export type CallEvent<Token> =
  | {
      readonly type: "call";
      /** What effects name the call by; opaque to the table. */
      readonly token: Token;
      readonly bytes: number;
      /** Instant at which the call is given up, in ms; `Infinity` for never. */
      readonly deadlineMs: number;
      readonly lane: CallLane;
    }
  | { readonly type: "reply"; readonly xid: number }
  | { readonly type: "cancel"; readonly xid: number }
  /** The transport refused the record: nothing of it was sent. */
  | { readonly type: "unsent"; readonly xid: number; readonly code: CallFailure }
  | { readonly type: "down" }
  | { readonly type: "tick" };

export type CallEffect<Token> =
  | { readonly type: "send" | "wait"; readonly xid: number; readonly token: Token }
  | { readonly type: "settle"; readonly token: Token }
  | {
      readonly type: "fail";
      readonly token: Token;
      readonly code: CallFailure;
      readonly executed: Executed;
    }
  | { readonly type: "stray"; readonly xid: number; readonly kind: StrayReply };

/**
 * A reply that no call waits for. `late`: its call was given up before. `duplicate`: its call has been
 * answered (or was given up so long ago that this is forgotten). `unknown`: there never was such a call.
 */
export type StrayReply = "late" | "duplicate" | "unknown";

interface Entry<Token> {
  readonly xid: number;
  readonly token: Token;
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly lane: CallLane;
  isSent: boolean;
  before: Entry<Token> | undefined;
  after: Entry<Token> | undefined;
}

const XID_MAX = 0xffff_ffff;
const NOTHING: readonly never[] = [];

/**
 * The calls of one connection, matched with their replies by xid: `waiting → in flight → gone`, or in
 * flight at once while the window is open. Each call leaves by exactly one `settle` or `fail`.
 *
 * Source: RFC 5531 section 9; xids are counted up, `0` is left out since stock bricks answer a broken call with it.
 */
export class CallTable<Token> {
  readonly #limits: CallLimits;
  readonly #calls = new Map<number, Entry<Token>>();
  readonly #waiting = new CallQueue<Entry<Token>>();
  /** Calls given up after they were sent; their xids stay taken, oldest first. */
  readonly #abandoned = new Set<number>();
  readonly #xidMax: number;
  #lastXid: number;
  #issued = 0;
  #pings = 0;
  #windowCalls = 0;
  #windowBytes = 0;
  #nextDeadlineMs = Infinity;
  #isDown = false;

  /**
   * @param lastXid the xid before the first one given out.
   * @param xidMax where xids start again from 1; the default but in tests.
   */
  constructor(limits: CallLimits, lastXid = 0, xidMax = XID_MAX) {
    this.#limits = limits;
    this.#lastXid = lastXid;
    this.#xidMax = xidMax;
  }

  /**
   * Instant, in ms, at which a `tick` is due; `undefined` when none is. It may be earlier than the
   * first deadline, since a reply leaves it alone; the tick then only finds the next instant.
   */
  get deadlineMs(): number | undefined {
    return this.#nextDeadlineMs === Infinity ? undefined : this.#nextDeadlineMs;
  }

  /** Calls not answered yet, sent or waiting, pings left out. */
  get outstanding(): number {
    return this.#calls.size - this.#pings;
  }

  /** Calls that wait for the window. */
  get waiting(): number {
    return this.#waiting.count;
  }

  /**
   * Advances by one event at `nowMs`.
   * @returns effects, to be carried out in order: `send` effects are in the order of the calls.
   * @throws {@link RpcError} `RPC_QUEUE_FULL`, `RPC_DISCONNECTED`, for a `call` that changed nothing.
   */
  step(event: CallEvent<Token>, nowMs: number): readonly CallEffect<Token>[] {
    switch (event.type) {
      case "call":
        return this.#call(event);
      case "reply":
        return this.#reply(event.xid);
      case "cancel":
        return this.#giveUp(event.xid, "RPC_ABORTED");
      case "unsent": {
        const entry = this.#calls.get(event.xid);
        if (entry === undefined) return NOTHING;
        this.#leave(entry);
        const { token } = entry;
        return [{ type: "fail", token, code: event.code, executed: "no" }, ...this.#pump()];
      }
      case "down":
        return this.#down();
      case "tick":
        return this.#tick(nowMs);
    }
  }

  /** An xid for a message that gets no reply. */
  takeXid(): number {
    // It ends: calls outstanding and given up are bounded far below the number of xids.
    do this.#lastXid = this.#lastXid >= this.#xidMax ? 1 : this.#lastXid + 1;
    while (this.#calls.has(this.#lastXid) || this.#abandoned.has(this.#lastXid));
    this.#issued = Math.min(this.#issued + 1, this.#xidMax);
    return this.#lastXid;
  }

  #call(event: CallEvent<Token> & { type: "call" }): readonly CallEffect<Token>[] {
    const { token, bytes, deadlineMs, lane } = event;
    if (this.#isDown) throw new RpcError("RPC_DISCONNECTED", "the connection is gone");
    const { callsMax, queueBytesMax } = this.#limits;
    if (lane !== "ping" && this.outstanding >= callsMax) {
      throw new RpcError("RPC_QUEUE_FULL", `${this.outstanding} calls are outstanding`);
    }
    const isSent = lane !== "window" || (this.#waiting.count === 0 && this.#fits(bytes));
    if (!isSent && this.#waiting.bytes + bytes > queueBytesMax) {
      throw new RpcError("RPC_QUEUE_FULL", `${this.#waiting.bytes} bytes of calls are waiting`);
    }
    const xid = this.takeXid();
    const entry: Entry<Token> = {
      xid,
      token,
      bytes,
      deadlineMs,
      lane,
      isSent,
      before: undefined,
      after: undefined,
    };
    this.#calls.set(xid, entry);
    if (deadlineMs < this.#nextDeadlineMs) this.#nextDeadlineMs = deadlineMs;
    if (isSent) this.#occupy(entry, 1);
    else this.#waiting.add(entry);
    return [{ type: isSent ? "send" : "wait", xid, token }];
  }

  #reply(xid: number): readonly CallEffect<Token>[] {
    const entry = this.#calls.get(xid);
    // A reply to a call that still waits can only be made up: it is told apart, not believed.
    if (entry === undefined || !entry.isSent) return [{ type: "stray", xid, kind: this.#strayKind(xid) }];
    this.#leave(entry);
    const settle = { type: "settle", token: entry.token } as const;
    return this.#waiting.count === 0 ? [settle] : [settle, ...this.#pump()];
  }

  #strayKind(xid: number): StrayReply {
    if (this.#abandoned.delete(xid)) return "late";
    if (this.#calls.has(xid)) return "unknown";
    if (xid === 0 || xid > this.#xidMax) return "unknown";
    const distance = (this.#lastXid - xid + this.#xidMax) % this.#xidMax;
    return distance < this.#issued ? "duplicate" : "unknown";
  }

  #giveUp(xid: number, code: CallFailure): readonly CallEffect<Token>[] {
    const entry = this.#calls.get(xid);
    if (entry === undefined) return NOTHING;
    this.#leave(entry);
    if (entry.isSent) this.#abandon(xid);
    return [this.#failed(entry, code), ...this.#pump()];
  }

  #abandon(xid: number): void {
    if (this.#abandoned.size >= this.#limits.abandonedMax) {
      for (const oldest of this.#abandoned) {
        this.#abandoned.delete(oldest);
        break;
      }
    }
    this.#abandoned.add(xid);
  }

  #down(): readonly CallEffect<Token>[] {
    this.#isDown = true;
    const effects = [...this.#calls.values()].map((entry) => this.#failed(entry, "RPC_DISCONNECTED"));
    for (const entry of this.#calls.values()) this.#leave(entry);
    this.#abandoned.clear();
    this.#nextDeadlineMs = Infinity;
    return effects;
  }

  #tick(nowMs: number): readonly CallEffect<Token>[] {
    if (nowMs < this.#nextDeadlineMs) return NOTHING;
    const effects: CallEffect<Token>[] = [];
    this.#nextDeadlineMs = Infinity;
    // All calls are looked at: their number is bounded, and ticks are rare beside calls.
    for (const entry of this.#calls.values()) {
      if (entry.deadlineMs > nowMs) {
        this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, entry.deadlineMs);
        continue;
      }
      this.#leave(entry);
      if (entry.isSent) this.#abandon(entry.xid);
      effects.push(this.#failed(entry, "RPC_TIMEOUT"));
    }
    // Only now: a call whose own time is up must not be sent into the room that another one left.
    effects.push(...this.#pump());
    return effects;
  }

  #failed(entry: Entry<Token>, code: CallFailure): CallEffect<Token> {
    return { type: "fail", token: entry.token, code, executed: entry.isSent ? "maybe" : "no" };
  }

  #leave(entry: Entry<Token>): void {
    const wasThere = this.#calls.delete(entry.xid);
    invariant(wasThere, "a call leaves the table once");
    if (!entry.isSent) this.#waiting.remove(entry);
    else this.#occupy(entry, -1);
  }

  #occupy(entry: Entry<Token>, sign: 1 | -1): void {
    switch (entry.lane) {
      case "window":
        this.#windowCalls += sign;
        this.#windowBytes += sign * entry.bytes;
        return;
      case "ping":
        this.#pings += sign;
        return;
      case "exempt":
    }
  }

  /** A call larger than the window goes alone: it could never go otherwise. */
  #fits(bytes: number): boolean {
    const { inFlightMax, inFlightBytesMax } = this.#limits;
    if (this.#windowCalls === 0) return true;
    return this.#windowCalls < inFlightMax && this.#windowBytes + bytes <= inFlightBytesMax;
  }

  #pump(): readonly CallEffect<Token>[] {
    if (this.#waiting.count === 0) return NOTHING;
    const effects: CallEffect<Token>[] = [];
    for (let entry = this.#waiting.first; entry !== undefined; entry = this.#waiting.first) {
      if (!this.#fits(entry.bytes)) break;
      this.#waiting.remove(entry);
      entry.isSent = true;
      this.#occupy(entry, 1);
      effects.push({ type: "send", xid: entry.xid, token: entry.token });
    }
    return effects;
  }
}
