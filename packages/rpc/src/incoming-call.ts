import type { Connection, PeerInfo } from "@brickshift/transport";
import { type Auth, type CallHeader, invariant } from "@brickshift/wire";
import type { CallRefusal, IncomingCall } from "./program.js";

/** What a call needs of the peer that serves it. */
export interface AnswerPort {
  readonly connection: Connection;
  /** Sends an answer; never rejects. */
  answer(call: ServedCall, stat: "success" | CallRefusal, chunks: readonly Uint8Array[]): Promise<void>;
  /** Counts the call as blocking; false when the bound is reached. */
  block(call: ServedCall): boolean;
}

/** The {@link IncomingCall} that handlers get, and what the peer must know of it. */
export class ServedCall implements IncomingCall {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly auth: Auth;
  readonly body: Uint8Array;
  readonly isOneWay: boolean;
  readonly isExempt: boolean;
  readonly recordBytes: number;
  isBlocking = false;
  isAnswered = false;
  readonly #port: AnswerPort;
  #record: Uint8Array | undefined;

  constructor(
    port: AnswerPort,
    header: CallHeader,
    body: Uint8Array,
    record: Uint8Array,
    kind: { readonly isOneWay: boolean; readonly isExempt: boolean },
  ) {
    this.xid = header.xid;
    this.program = header.program;
    this.version = header.version;
    this.procedure = header.procedure;
    this.auth = header.auth;
    this.body = body;
    this.isOneWay = kind.isOneWay;
    this.isExempt = kind.isExempt;
    this.recordBytes = record.length;
    this.#port = port;
    this.#record = record;
  }

  get peer(): PeerInfo {
    return this.#port.connection.peer;
  }

  reply(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#port.answer(this, "success", chunks);
  }

  refuse(refusal: CallRefusal): void {
    void this.#port.answer(this, refusal, []);
  }

  block(): boolean {
    invariant(!this.isAnswered, "an answered call does not wait");
    return this.isBlocking || this.#port.block(this);
  }

  recycle(): void {
    const record = this.#record;
    this.#record = undefined;
    if (record !== undefined) this.#port.connection.recycle?.(record);
  }
}
