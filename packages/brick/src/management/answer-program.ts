import type { IncomingCall, ServedProgram } from "@brickshift/rpc";
import { decodeBody, encodeBody, type Procedure, type Program, WireError } from "@brickshift/wire";
import type { ManagementLog } from "./management-event.js";

/** One procedure and what answers it, from its arguments to its results. */
export interface Answer {
  readonly number: number;
  readonly name: string;
  readonly answer: (call: IncomingCall) => readonly Uint8Array[];
}

/** Joins a procedure and what answers it. */
export function answering<Q, R>(
  { number, name, request, reply }: Procedure<Q, R>,
  answer: (request: Q, call: IncomingCall) => R,
): Answer {
  return { number, name, answer: (call) => encodeBody(reply, answer(decodeBody(request, call.body), call)) };
}

const NULL_PROCEDURE = 0;

/** A program whose procedures are answered at once; bodies that do not decode are refused as garbage, and logged. */
export function answerProgram(
  program: Program,
  answers: readonly Answer[],
  log: ManagementLog,
): ServedProgram {
  const byNumber = new Map(answers.map((entry) => [entry.number, entry]));
  return {
    ...program,
    procedures: new Set([NULL_PROCEDURE, ...byNumber.keys()]),
    handle(call) {
      const entry = byNumber.get(call.procedure);
      if (entry === undefined) return void call.reply([]);
      try {
        return void call.reply(entry.answer(call));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        log({
          type: "garbage",
          address: call.peer.address,
          procedure: entry.name,
          reason: error.message,
        });
        return call.refuse("garbageArguments");
      }
    },
  };
}

/** @throws WireError `WIRE_LENGTH` for a text that is longer than anything that is looked up. */
export function checkLength(text: string, bytes: number, bytesMax: number): void {
  if (bytes > bytesMax)
    throw new WireError("WIRE_LENGTH", `a name of ${bytes} bytes, "${text.slice(0, 32)}…"`);
}
