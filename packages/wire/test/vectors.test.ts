import { describe, expect, it } from "vitest";
import {
  type Auth,
  type CallHeader,
  callbacks,
  decodeBody,
  decodeMessage,
  dump,
  encodeBody,
  encodeCall,
  encodeReply,
  fopByNumber,
  fops,
  handshake,
  peekXid,
  portmap,
  programs,
  type ReplyHeader,
  type WireError,
} from "../src/index.js";
import { layoutOf } from "./support/codecs.js";
import { vectorForm } from "./support/vector-form.js";
import { toHex, type Vector, vector, vectors } from "./support/vectors.js";

const flavorNumbers: Readonly<Record<Auth["flavor"], number>> = {
  null: 0,
  unix: 1,
  glusterV1: 5,
  glusterV2: 390_039,
  glusterV3: 390_040,
  unknown: -1,
};

function bodyOf(recorded: Vector): unknown {
  const message = decodeMessage(recorded.record);
  const layout = layoutOf(recorded.program, recorded.version, recorded.procedure);
  return decodeBody(layout![message.kind === "call" ? "request" : "reply"], message.body);
}

function again(recorded: Vector): string {
  const message = decodeMessage(recorded.record);
  const layout = layoutOf(recorded.program, recorded.version, recorded.procedure)!;
  if (message.kind === "call") {
    const body = encodeBody(layout.request, decodeBody(layout.request, message.body));
    return toHex(...encodeCall(message.header, body));
  }
  const body = encodeBody(layout.reply, decodeBody(layout.reply, message.body));
  return toHex(...encodeReply(message.header, body));
}

function callForm({ auth, ...header }: CallHeader): unknown {
  const { flavor, ...body } = auth;
  const form = { isCall: true, isFop: true };
  return {
    ...(vectorForm(header, form) as object),
    cred: {
      flavor: BigInt(flavorNumbers[flavor]),
      body: flavor === "null" ? null : vectorForm(body, form),
    },
  };
}

function replyForm(header: ReplyHeader): unknown {
  const versions = "low" in header ? { low: BigInt(header.low), high: BigInt(header.high) } : {};
  if (header.status === "accepted") {
    return { xid: BigInt(header.xid), reply_stat: 0n, accept_stat: BigInt(header.acceptStat), ...versions };
  }
  return { xid: BigInt(header.xid), reply_stat: 1n, reject_stat: BigInt(header.rejectStat), ...versions };
}

const malformed = new Set(["rpc-error-prog123451501-v1-proc1-denied-call", "dump-dump-brick-denied-call"]);
const wellFormed = vectors.filter(({ name }) => !malformed.has(name));
const withBody = wellFormed.filter((recorded) => recorded.body !== null);

const calls = wellFormed.filter(({ direction }) => direction !== "reply");
const replies = wellFormed.filter(({ direction }) => direction === "reply");

describe("recorded headers", () => {
  it.each(calls)("$name reads as recorded", ({ record, rpc }) => {
    const message = decodeMessage(record);
    const { msg_type: type, rpcvers, verf, cred, ...header } = rpc;
    const { length: _length, ...credential } = cred as Readonly<Record<string, unknown>>;
    expect([type, rpcvers, verf]).toEqual([0n, 2n, { flavor: 0n, length: 0n }]);
    expect(message.kind === "call" && callForm(message.header)).toEqual({ ...header, cred: credential });
  });

  it.each(replies)("$name reads as recorded", ({ record, rpc }) => {
    const message = decodeMessage(record);
    const { msg_type: type, verf: _verf, more, ...header } = rpc;
    expect([type, more ?? "00000000"]).toEqual([1n, "00000000"]);
    expect(message.kind === "reply" && replyForm(message.header)).toEqual(header);
  });

  it.each(wellFormed)("$name is written as recorded", (recorded) => {
    const message = decodeMessage(recorded.record);
    const chunks =
      message.kind === "call"
        ? encodeCall(message.header, [message.body])
        : encodeReply(message.header, message.body.length === 0 ? [] : [message.body]);
    expect(toHex(...chunks)).toBe(recorded.hex);
  });
});

describe("recorded bodies", () => {
  it.each(withBody)("$name reads as recorded", (recorded) => {
    const isFop = recorded.program === programs.fop.number;
    const form = vectorForm(bodyOf(recorded), { isCall: recorded.direction !== "reply", isFop });
    expect(form).toEqual(
      isPing(recorded) ? { ...(recorded.body as object), ...noXdata(recorded) } : recorded.body,
    );
  });

  it.each(withBody)("$name is written as recorded", (recorded) => {
    expect(again(recorded)).toBe(recorded.hex);
  });

  it("are there for every fop in both directions, but for those no peer answers", () => {
    const seen = new Set(
      withBody
        .filter(({ program }) => program === programs.fop.number)
        .map(({ procedure, direction }) => `${fopByNumber(procedure)} ${direction}`),
    );
    const missing = Object.keys(fops)
      .flatMap((name) => [`${name} call`, `${name} reply`])
      .filter((name) => !seen.has(name));
    expect(missing).toEqual(["namelink call", "namelink reply", "put reply"]);
  });

  it("are there for every procedure of the other programs, but for those that were never captured", () => {
    const seen = new Set(
      wellFormed.map(({ program, procedure, direction }) => `${program} ${procedure} ${direction}`),
    );
    const both = ["call", "reply"];
    const missing = [
      { program: programs.dump.number, table: dump, directions: both },
      { program: programs.handshake.number, table: handshake, directions: both },
      { program: programs.portmap.number, table: portmap, directions: both },
      { program: programs.callback.number, table: callbacks, directions: ["callback"] },
    ].flatMap(({ program, table, directions }) =>
      Object.entries(table).flatMap(([name, { number }]) =>
        directions
          .filter((direction) => !seen.has(`${program} ${number} ${direction}`))
          .map((direction) => `${name} ${direction}`),
      ),
    );
    expect(missing).toEqual([
      "eventNotify call",
      "eventNotify reply",
      "getSnapshotInfo call",
      "getSnapshotInfo reply",
      "brickByPort call",
      "brickByPort reply",
      "inoFlush callback",
      "eventNotify callback",
      "getSnaps callback",
      "childUp callback",
      "childDown callback",
      "entrylkContention callback",
    ]);
  });
});

describe("messages malformed on purpose", () => {
  it("a credential that is not of its flavour is refused, and can still be denied by its xid", () => {
    const { record } = vector("rpc-error-prog123451501-v1-proc1-denied-call");
    expect(() => decodeMessage(record)).toThrow(expect.objectContaining({ code: "WIRE_AUTH" }) as WireError);
    const denied: ReplyHeader = { xid: peekXid(record)!, status: "denied", rejectStat: 1, authStat: 0 };
    expect(toHex(...encodeReply(denied))).toBe(vector("rpc-error-prog123451501-v1-proc1-denied-reply").hex);
  });

  it("a STAT of two bytes, which a stock brick calls garbage, has a header and no body that decodes", () => {
    const recorded = vector("rpc-error-prog1298437-v400-proc1-accept4-call");
    const message = decodeMessage(recorded.record);
    expect(message.kind === "call" && fopByNumber(message.header.procedure)).toBe("stat");
    expect(message.body.length).toBe(2);
    expect(() => decodeBody(fops.stat.request, message.body)).toThrow(
      expect.objectContaining({ code: "WIRE_TRUNCATED" }) as WireError,
    );
  });

  it.each([
    ["rpc-error-prog1298437-v400-proc49-accept4-call", "COMPOUND"],
    ["rpc-error-prog1298437-v400-proc99-accept3-call", "a procedure beyond the last"],
    ["rpc-error-prog123451501-v1-proc0-accept3-call", "NULL of DUMP"],
    ["rpc-error-prog12345-v1-proc1-accept1-call", "an unknown program"],
    ["rpc-error-prog1298437-v999-proc1-accept2-call", "an unknown version"],
  ])("%s decodes to a header for which there is no codec: %s", (name) => {
    const recorded = vector(name);
    expect(decodeMessage(recorded.record).kind).toBe("call");
    expect(layoutOf(recorded.program, recorded.version, recorded.procedure)).toBeUndefined();
  });
});

/** PING's opaque is empty and shown as hex; we read it as a dictionary, as its neighbours are. */
function isPing({ name, direction }: Vector): boolean {
  return name.includes("-ping-") && direction === "reply";
}

function noXdata(recorded: Vector): object {
  expect((recorded.body as { xdata: string }).xdata).toBe("");
  return { xdata: { len: 0n, pairs: [] } };
}
