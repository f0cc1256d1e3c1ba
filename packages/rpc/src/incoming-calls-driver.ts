import { type Connection, isTransportError } from "@brickshift/transport";
import {
  AcceptStat,
  type CallHeader,
  encodeReply,
  invariant,
  isProtocolError,
  RejectStat,
  RPC_VERSION,
} from "@brickshift/wire";
import { type AnswerPort, ServedCall } from "./incoming-call.js";
import type { ServeLimits } from "./options.js";
import type { CallRefusal, ServedProgram } from "./program.js";
import type { RpcEvent } from "./rpc-event.js";
import { type ServeEvent, ServeWindow } from "./serve-window.js";

/** `auth_stat` for a credential that does not decode. Source: RFC 5531 section 9. */
const AUTH_BADCRED = 1;

interface Pause {
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** The calls that one peer serves: finds the program, counts, answers. */
export class IncomingCalls implements AnswerPort {
  readonly connection: Connection;
  readonly #programs = new Map<number, readonly ServedProgram[]>();
  readonly #window: ServeWindow;
  readonly #report: (event: RpcEvent) => void;
  readonly #noteSent: () => void;
  #pause: Pause | undefined;
  served = 0;

  constructor(
    connection: Connection,
    programs: readonly ServedProgram[],
    limits: ServeLimits,
    port: { readonly report: (event: RpcEvent) => void; readonly noteSent: () => void },
  ) {
    this.connection = connection;
    for (const program of programs) {
      const versions = this.#programs.get(program.number) ?? [];
      invariant(!versions.some((other) => other.version === program.version), "a program is served once");
      this.#programs.set(program.number, [...versions, program]);
    }
    this.#window = new ServeWindow(limits);
    this.#report = port.report;
    this.#noteSent = port.noteSent;
  }

  get outstanding(): number {
    return this.#window.outstanding;
  }

  get blocking(): number {
    return this.#window.blocking;
  }

  /** Serves one call. While the promise that it returns is pending no more should be read. */
  serve(header: CallHeader, body: Uint8Array, record: Uint8Array): void | Promise<void> {
    const versions = this.#programs.get(header.program);
    const program = versions?.find((candidate) => candidate.version === header.version);
    if (program === undefined) {
      this.#refuseProgram(header.xid, versions);
      return undefined;
    }
    this.served += 1;
    const kind = { isOneWay: program.isOneWay === true, isExempt: program.isExempt === true };
    const call = new ServedCall(this, header, body, record, kind);
    if (isCounted(call)) this.#count({ type: "arrive", bytes: call.recordBytes });
    if (!program.procedures.has(header.procedure)) call.refuse("procedureUnavailable");
    else this.#run(program, call);
    return this.#pause?.ended;
  }

  /** Answers a call whose header does not decode, as far as its xid is known. */
  refuse(xid: number, reason: "garbage" | "auth" | "version"): void {
    switch (reason) {
      case "garbage":
        void this.#send(
          xid,
          encodeReply({ xid, status: "accepted", acceptStat: AcceptStat.garbageArguments }),
        );
        return;
      case "auth": {
        const header = {
          xid,
          status: "denied",
          rejectStat: RejectStat.authError,
          authStat: AUTH_BADCRED,
        } as const;
        void this.#send(xid, encodeReply(header));
        return;
      }
      case "version": {
        const header = {
          status: "denied",
          rejectStat: RejectStat.rpcMismatch,
          low: RPC_VERSION,
          high: RPC_VERSION,
        } as const;
        void this.#send(xid, encodeReply({ xid, ...header }));
      }
    }
  }

  /** Lets a reader go that waits: the connection is gone. */
  down(): void {
    this.#pause?.end();
    this.#pause = undefined;
  }

  block(call: ServedCall): boolean {
    if (!isCounted(call)) return true;
    if (!this.#count({ type: "block", bytes: call.recordBytes })) return false;
    call.isBlocking = true;
    return true;
  }

  async answer(
    call: ServedCall,
    stat: "success" | CallRefusal,
    chunks: readonly Uint8Array[],
  ): Promise<void> {
    invariant(!call.isAnswered, "a call is answered once");
    call.isAnswered = true;
    if (call.isOneWay) return;
    const { xid } = call;
    await this.#send(xid, encodeReply({ xid, status: "accepted", acceptStat: AcceptStat[stat] }, chunks));
    if (isCounted(call)) this.#count({ type: "done", bytes: call.recordBytes, isBlocking: call.isBlocking });
  }

  #run(program: ServedProgram, call: ServedCall): void {
    try {
      const running = program.handle(call);
      if (running !== undefined) running.catch((error: unknown) => this.#failed(call, error));
    } catch (error) {
      this.#failed(call, error);
    }
  }

  #failed(call: ServedCall, error: unknown): void {
    const isGarbage = isProtocolError(error) && error.tag === "WireError" && !call.isAnswered;
    if (isGarbage) this.#report({ type: "bad-record", error });
    else {
      const { program, procedure } = call;
      this.#report({ type: "handler-failed", program, procedure, error });
    }
    if (!call.isAnswered) call.refuse(isGarbage ? "garbageArguments" : "systemError");
  }

  #refuseProgram(xid: number, versions: readonly ServedProgram[] | undefined): void {
    if (versions === undefined) {
      void this.#send(
        xid,
        encodeReply({ xid, status: "accepted", acceptStat: AcceptStat.programUnavailable }),
      );
      return;
    }
    // Whoever calls a one-way program expects no answer, whatever the version.
    if (versions.every((program) => program.isOneWay === true)) return;
    const numbers = versions.map((program) => program.version);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    void this.#send(
      xid,
      encodeReply({ xid, status: "accepted", acceptStat: AcceptStat.programMismatch, low, high }),
    );
  }

  /** Sends an answer and resolves when its bytes are needed no more, sent or not. */
  #send(xid: number, chunks: readonly Uint8Array[]): Promise<void> {
    this.#noteSent();
    return this.connection.send(chunks).catch((error: unknown) => {
      if (!isTransportError(error)) throw error;
      if (error.code === "TRANSPORT_RECORD_TOO_LARGE") {
        this.#report({ type: "answer-lost", xid, error });
        return this.#send(xid, encodeReply({ xid, status: "accepted", acceptStat: AcceptStat.systemError }));
      }
      if (error.code === "TRANSPORT_QUEUE_FULL") {
        // The caller would wait for ever for this answer, so the whole connection has to go.
        this.#report({ type: "answer-lost", xid, error });
        this.connection.abort(error);
      }
      return undefined;
    });
  }

  #count(event: ServeEvent): boolean {
    for (const effect of this.#window.step(event)) {
      switch (effect) {
        case "pause":
          this.#pause = newPause();
          break;
        case "resume":
          this.#pause?.end();
          this.#pause = undefined;
          break;
        case "refuse":
          return false;
      }
    }
    return true;
  }
}

function isCounted(call: ServedCall): boolean {
  return !call.isOneWay && !call.isExempt;
}

function newPause(): Pause {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end };
}
