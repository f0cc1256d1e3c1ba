import { decodeFopRequest, decodeMessage, type Gfid } from "@brickshift/wire";
import { type CallName, callName, xidOf } from "../../simulation/world/call-name.js";

/** A call, and the file that it is about when it is a step of the flip. */
export type WatchedCall = { readonly call: CallName; readonly gfid: Gfid | undefined };

const REPLY = 1;

/** Tells what the records of one connection are. */
export class CallLog {
  readonly #calls = new Map<number, WatchedCall>();

  /** A record on its way to the brick. */
  request(record: Uint8Array): WatchedCall | undefined {
    const message = decodeMessage(record);
    if (message.kind !== "call") return undefined;
    const { xid, program, procedure } = message.header;
    const call = callName(program, procedure, message.body);
    const isStep = call.startsWith("migration-");
    const watched = {
      call,
      gfid: isStep ? decodeFopRequest("setxattr", message.body).gfid : undefined,
    };
    this.#calls.set(xid, watched);
    return watched;
  }

  /** A record on its way back; `undefined` when it answers nothing. */
  reply(record: Uint8Array): WatchedCall | undefined {
    const xid = xidOf(record);
    if (new DataView(record.buffer, record.byteOffset).getUint32(4) !== REPLY) return undefined;
    const watched = this.#calls.get(xid);
    this.#calls.delete(xid);
    return watched;
  }
}
