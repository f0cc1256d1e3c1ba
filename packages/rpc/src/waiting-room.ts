import { CallQueue } from "./call-queue.js";
import type { CallLimits } from "./options.js";
import { RpcError } from "./rpc-error.js";

/** A place in the room. */
export interface Ticket<Token> {
  readonly token: Token;
  readonly bytes: number;
  readonly deadlineMs: number;
  before: Ticket<Token> | undefined;
  after: Ticket<Token> | undefined;
}

/** The calls made while there is no connection, in order, each until its deadline. */
export class WaitingRoom<Token> {
  readonly #limits: CallLimits;
  readonly #queue = new CallQueue<Ticket<Token>>();
  #nextDeadlineMs = Infinity;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#queue.count;
  }

  /** Instant, in ms, at which {@link takeDue} should be called, or earlier; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    return this.#nextDeadlineMs === Infinity ? undefined : this.#nextDeadlineMs;
  }

  /** @throws {@link RpcError} `RPC_QUEUE_FULL`; nothing changed. */
  enter(token: Token, bytes: number, deadlineMs: number): Ticket<Token> {
    const { callsMax, queueBytesMax } = this.#limits;
    if (this.#queue.count >= callsMax || this.#queue.bytes + bytes > queueBytesMax) {
      throw new RpcError("RPC_QUEUE_FULL", `${this.#queue.count} calls wait for a connection`);
    }
    const ticket: Ticket<Token> = { token, bytes, deadlineMs, before: undefined, after: undefined };
    this.#queue.add(ticket);
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, deadlineMs);
    return ticket;
  }

  /** Gives a place up that was not taken away yet. */
  leave(ticket: Ticket<Token>): void {
    this.#queue.remove(ticket);
  }

  /** Takes those out whose time is up at `nowMs`. */
  takeDue(nowMs: number): readonly Token[] {
    const due: Token[] = [];
    this.#nextDeadlineMs = Infinity;
    let ticket = this.#queue.first;
    while (ticket !== undefined) {
      const { after, deadlineMs } = ticket;
      if (deadlineMs > nowMs) this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, deadlineMs);
      else {
        this.#queue.remove(ticket);
        due.push(ticket.token);
      }
      ticket = after;
    }
    return due;
  }

  /** Takes all out, longest wait first. */
  takeAll(): readonly Token[] {
    return this.takeDue(Infinity);
  }
}
