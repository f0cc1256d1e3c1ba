import { AcceptStat, decodeMessage, encodeCall, encodeReply, type RpcMessage } from "@brickshift/wire";
import { type KnownProcedure, procedureOf, throughCodec } from "./record-codecs.js";
import type { Direction, Mismatch, ProcedureCount, TapReport } from "./tap-report.js";

/** Mismatches that are kept with their bytes. */
const MISMATCHES_MAX = 50;

/** What all connections of a tap have shown. */
export class TapTally {
  readonly #procedures: Record<string, ProcedureCount> = {};
  readonly #forms: Record<string, number> = {};
  readonly #mismatches: Mismatch[] = [];
  #mismatchCount = 0;
  connections = 0;
  records = 0;

  report(): TapReport {
    return {
      connections: this.connections,
      records: this.records,
      procedures: this.#procedures,
      forms: this.#forms,
      mismatches: this.#mismatches,
      mismatchCount: this.#mismatchCount,
    };
  }

  procedure(name: string): ProcedureCount {
    return (this.#procedures[name] ??= { calls: 0, replies: 0, errors: 0 });
  }

  form(name: string): void {
    this.#forms[name] = (this.#forms[name] ?? 0) + 1;
  }

  mismatch(mismatch: Mismatch): void {
    this.#mismatchCount += 1;
    if (this.#mismatches.length < MISMATCHES_MAX) this.#mismatches.push(mismatch);
  }
}

/** The records of one connection, both ways: each is decoded strictly, encoded again and compared. */
export class RecordCheck {
  readonly #tally: TapTally;
  readonly #calls = {
    "to-brick": new Map<number, KnownProcedure>(),
    "to-client": new Map<number, KnownProcedure>(),
  };

  constructor(tally: TapTally) {
    this.#tally = tally;
    tally.connections += 1;
  }

  /** Checks one record, without its mark. */
  record(direction: Direction, record: Uint8Array): void {
    this.#tally.records += 1;
    let what = "no message";
    try {
      const message = decodeMessage(record);
      const known = this.#procedureOf(direction, message);
      what = `${known.name} ${message.kind}`;
      const chunks = this.#through(known, message);
      const again = Buffer.concat(
        message.kind === "call" ? encodeCall(message.header, chunks) : encodeReply(message.header, chunks),
      );
      const at = firstDifference(record, again);
      if (at !== undefined) throw new Error(`encoded again it differs from byte ${at} on: ${hexOf(again)}`);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.#tally.mismatch({ direction, what, reason, hex: hexOf(record) });
    }
  }

  #procedureOf(direction: Direction, message: RpcMessage): KnownProcedure {
    if (message.kind === "call") {
      const { xid, program, version, procedure, auth } = message.header;
      const known = procedureOf(program, version, procedure);
      if (known === undefined)
        throw new Error(`nobody knows procedure ${procedure} of ${program}/${version}`);
      this.#tally.form(`auth ${auth.flavor}`);
      this.#tally.procedure(known.name).calls += 1;
      if (known.reply !== undefined) this.#calls[direction].set(xid, known);
      return known;
    }
    const calls = this.#calls[direction === "to-brick" ? "to-client" : "to-brick"];
    const { xid } = message.header;
    const known = calls.get(xid);
    if (known === undefined) throw new Error(`a reply to xid ${xid}, which nobody called`);
    calls.delete(xid);
    this.#tally.procedure(known.name).replies += 1;
    return known;
  }

  #through(known: KnownProcedure, message: RpcMessage): readonly Uint8Array[] {
    if (message.kind === "call") {
      const { value, chunks } = throughCodec(known.request, message.body);
      this.#note(known.name, value);
      return chunks;
    }
    const { header, body } = message;
    const count = this.#tally.procedure(known.name);
    if (header.status === "denied" || header.acceptStat !== AcceptStat.success) {
      count.errors += 1;
      this.#tally.form(header.status === "denied" ? "denied" : `accept status ${header.acceptStat}`);
      return [];
    }
    if (known.reply === undefined) throw new Error("a callback is not answered");
    const { value, chunks } = throughCodec(known.reply, body);
    if ((value as { opRet?: number }).opRet === -1) count.errors += 1;
    this.#note(known.name, value);
    return chunks;
  }

  /** Counts the forms that occur in a value. */
  #note(name: string, value: unknown): void {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    if (value instanceof Map) {
      for (const pair of value.values() as Iterable<unknown>) {
        const type = (pair as { type?: string }).type;
        this.#tally.form(type === undefined ? "old dict value" : `dict ${type}`);
      }
      return;
    }
    for (const [field, part] of Object.entries(value)) {
      if (field === "payload" && (part as Uint8Array).length > 0) this.#tally.form(`payload ${name}`);
      this.#note(name, part);
    }
  }
}

function firstDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  if (Buffer.compare(one, other) === 0) return undefined;
  let at = 0;
  while (one[at] === other[at]) at += 1;
  return at;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
