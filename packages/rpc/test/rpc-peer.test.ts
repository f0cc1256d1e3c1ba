import { TransportError } from "@brickshift/transport";
import {
  decodeBody,
  decodeMessage,
  dump,
  encodeBody,
  encodeCall,
  encodeReply,
  NULL_AUTH,
  programs,
  WireError,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createRpcPeer, type IncomingCall, withDump } from "../src/index.js";
import { connectionPair, ECHO, echoProgram, pair, Procedure, request, settle, watch } from "./peers.js";

const bytes = (...values: number[]) => Uint8Array.from(values);
const failure = (code: string, executed: "no" | "maybe", more = {}) =>
  expect.objectContaining({ tag: "RpcError", code, executed, ...more }) as unknown;

describe("calling", () => {
  it("gives the bytes that the handler answered, and their buffer back", async () => {
    const { client, near } = await pair();
    const recycled: Uint8Array[] = [];
    near.recycle = (record) => recycled.push(record);
    const reply = await client.call(request(Procedure.echo, bytes(1, 2, 3)));
    expect([...reply.body]).toEqual([1, 2, 3]);
    reply.recycle();
    reply.recycle();
    expect(recycled.map((record) => record.buffer)).toEqual([reply.body.buffer]);
  });

  it("matches replies that come in any order with their calls", async () => {
    const { client, held } = await pair();
    const calls = [1, 2, 3].map((value) => client.call(request(Procedure.hold, bytes(value))));
    await settle();
    for (const call of held.toReversed()) void call.reply([call.body]);
    expect((await Promise.all(calls)).map((reply) => reply.body[0])).toEqual([1, 2, 3]);
  });

  it("gives a call up at its time, and counts its late reply without harm", async () => {
    const { client, scheduler, held, events } = await pair({ client: { callTimeoutMs: 100 } });
    const byDefault = watch(client.call(request(Procedure.hold)));
    const sooner = watch(client.call(request(Procedure.hold), { timeoutMs: 10 }));
    const later = watch(client.call(request(Procedure.hold), { deadlineMs: 500 }));
    const never = watch(client.call(request(Procedure.hold), { timeoutMs: Infinity }));
    await settle();
    scheduler.advance(10);
    await settle();
    expect([byDefault, sooner, later].map((call) => call.settled)).toEqual([0, 1, 0]);
    expect(sooner.error).toEqual(failure("RPC_TIMEOUT", "maybe", { errno: 110 }));
    scheduler.advance(90);
    await settle();
    expect(byDefault.error).toEqual(failure("RPC_TIMEOUT", "maybe"));
    scheduler.advance(10_000_000);
    await settle();
    expect([later.settled, never.settled]).toEqual([1, 0]);
    for (const call of held) void call.reply([]);
    await settle();
    expect(never.settled).toBe(1);
    expect(client.stats()).toMatchObject({ repliesLate: 3, callsOutstanding: 0 });
    expect(events).toEqual([1, 2, 3].map((xid) => ({ type: "stray-reply", xid, kind: "late" })));
  });

  it("stops waiting when the signal is aborted, and listens to it no longer than the call lasts", async () => {
    const { client, held } = await pair({ client: { inFlightMax: 1 } });
    const controller = new AbortController();
    const sent = watch(client.call(request(Procedure.hold), { signal: controller.signal }));
    const waiting = watch(client.call(request(Procedure.hold), { signal: controller.signal }));
    await settle();
    controller.abort(new Error("enough"));
    const early = watch(client.call(request(Procedure.hold), { signal: controller.signal }));
    await settle();
    expect(sent.error).toEqual(failure("RPC_ABORTED", "maybe", { cause: new Error("enough") }));
    expect(waiting.error).toEqual(failure("RPC_ABORTED", "no"));
    expect(early.error).toEqual(failure("RPC_ABORTED", "no"));
    expect(held.length).toBe(1);

    let listeners = 0;
    const signal = new EventTarget() as AbortSignal;
    const count = (by: number) => () => {
      listeners += by;
    };
    Object.assign(signal, { aborted: false, addEventListener: count(1), removeEventListener: count(-1) });
    const done = watch(client.call(request(Procedure.echo), { signal }));
    expect(listeners).toBe(1);
    await settle();
    expect([done.settled, listeners]).toEqual([1, 0]);
  });

  it("holds calls back beyond the window, refuses beyond the queue, lets exempt ones pass", async () => {
    const { client, held } = await pair({ client: { inFlightMax: 2, callsMax: 4 } });
    const calls = [1, 2, 3].map((value) => watch(client.call(request(Procedure.hold, bytes(value)))));
    const unlock = watch(client.call(request(Procedure.hold, bytes(9)), { isExempt: true }));
    const refused = watch(client.call(request(Procedure.hold)));
    await settle();
    expect(refused.error).toEqual(failure("RPC_QUEUE_FULL", "no"));
    expect(held.map((call) => call.body[0])).toEqual([1, 2, 9]);
    void held[0]?.reply([]);
    await settle();
    expect(held.map((call) => call.body[0])).toEqual([1, 2, 9, 3]);
    for (const call of held.slice(1)) void call.reply([]);
    await settle();
    expect([...calls, unlock].map((call) => call.settled)).toEqual([1, 1, 1, 1]);
  });

  it("fails a call that the transport does not take, as not executed, and goes on", async () => {
    const { client, near } = await pair();
    const send = near.send.bind(near);
    near.send = () => Promise.reject(new TransportError("TRANSPORT_RECORD_TOO_LARGE", "no"));
    const large = watch(client.call(request(Procedure.echo)));
    near.send = () => Promise.reject(new TransportError("TRANSPORT_QUEUE_FULL", "no"));
    const full = watch(client.call(request(Procedure.echo)));
    near.send = () => Promise.reject(new TransportError("TRANSPORT_CLOSED", "no"));
    const closing = watch(client.call(request(Procedure.echo)));
    near.send = send;
    await settle();
    expect(large.error).toEqual(failure("RPC_RECORD_TOO_LARGE", "no"));
    expect(full.error).toEqual(failure("RPC_QUEUE_FULL", "no"));
    expect(closing.error).toEqual(failure("RPC_DISCONNECTED", "no"));
    await client.call(request(Procedure.echo));
  });

  it("passes on what is wrong with a credential that does not encode", async () => {
    const { client } = await pair();
    const auth = { flavor: "unknown", number: 1, body: bytes(1) } as const;
    await expect(client.call({ ...request(Procedure.echo), auth })).rejects.toMatchObject({
      code: "WIRE_VALUE",
    });
    expect(client.stats().callsOutstanding).toBe(0);
  });
});

describe("the end of a connection", () => {
  it("fails what is outstanding: maybe executed when sent, not when waiting, and refuses later calls", async () => {
    const { client, server, scheduler } = await pair({ client: { inFlightMax: 1 } });
    const sent = watch(client.call(request(Procedure.hold)));
    const waiting = watch(client.call(request(Procedure.hold)));
    await settle();
    server.abort();
    await expect(client.closed).resolves.toEqual(failure("RPC_DISCONNECTED", "no", { errno: 107 }));
    await settle();
    expect(sent.error).toEqual(failure("RPC_DISCONNECTED", "maybe"));
    expect(waiting.error).toEqual(failure("RPC_DISCONNECTED", "no"));
    expect(scheduler.armed).toBe(0);
    await expect(client.call(request(Procedure.echo))).rejects.toEqual(failure("RPC_DISCONNECTED", "no"));
    await expect(client.notify(request(Procedure.echo))).rejects.toEqual(failure("RPC_DISCONNECTED", "no"));
  });

  it("fails with RPC_CLOSED what this side ended itself", async () => {
    const { client, server } = await pair();
    const call = watch(client.call(request(Procedure.hold)));
    await settle();
    client.abort();
    await client.closed;
    await settle();
    expect(call.error).toEqual(failure("RPC_CLOSED", "maybe"));
    await expect(client.call(request(Procedure.echo))).rejects.toEqual(failure("RPC_CLOSED", "no"));
    await expect(server.closed).resolves.toEqual(failure("RPC_DISCONNECTED", "no"));
  });

  it("sends what was called before an orderly close, and ends without an error", async () => {
    const { client, server } = await pair();
    const call = watch(client.call(request(Procedure.echo)));
    await client.close();
    await client.close();
    await expect(server.closed).resolves.toBeUndefined();
    expect(server.stats().callsServed).toBe(1);
    expect(call.settled).toBe(1);
    await expect(client.call(request(Procedure.echo))).rejects.toEqual(failure("RPC_CLOSED", "no"));
  });

  it("aborts an orderly close that the other end does not answer in time", async () => {
    const { client, far, near, scheduler } = await pair({ client: { closeTimeoutMs: 100 } });
    near.close = () => near.closed.then(() => {});
    const closing = watch(client.close());
    scheduler.advance(99);
    await settle();
    expect(closing.settled).toBe(0);
    scheduler.advance(1);
    await settle();
    expect(closing.settled).toBe(1);
    await far.closed;
  });

  it("drops the answers to calls whose connection is gone", async () => {
    const { client, server, held } = await pair();
    const call = watch(client.call(request(Procedure.hold)));
    await settle();
    client.abort();
    await settle();
    await held[0]?.reply([bytes(1)]);
    expect(call.settled).toBe(1);
    expect(server.stats().servesOutstanding).toBe(0);
  });
});

describe("serving", () => {
  it.each([
    ["programUnavailable", { program: 1, version: 1, procedure: 1 }, ""],
    ["programMismatch", { program: ECHO.number, version: 9, procedure: 1 }, "versions 3 to 3"],
    ["procedureUnavailable", { program: ECHO.number, version: 3, procedure: 99 }, ""],
    ["systemError", { program: ECHO.number, version: 3, procedure: Procedure.fail }, ""],
  ])("answers %s", async (refusal, target, text) => {
    const { client } = await pair();
    const call = watch(client.call({ ...target, body: [] }));
    await settle();
    const executed = refusal === "systemError" ? "maybe" : "no";
    expect(call.error).toEqual(failure("RPC_REJECTED", executed, { refusal }));
    expect((call.error as Error).message).toContain(text);
  });

  it.each([
    [
      "thrown",
      () => {
        throw new WireError("WIRE_LENGTH", "x");
      },
    ],
    [
      "rejected",
      async () => {
        throw new WireError("WIRE_LENGTH", "x");
      },
    ],
  ])("answers garbageArguments to a WireError that is %s", async (_, handle) => {
    const { client, server, serverEvents } = await pair({ programs: [echoProgram([], { handle })] });
    await expect(client.call(request(Procedure.echo))).rejects.toMatchObject({ refusal: "garbageArguments" });
    expect(serverEvents).toMatchObject([{ type: "bad-record", error: { code: "WIRE_LENGTH" } }]);
    expect(server.stats().servesOutstanding).toBe(0);
  });

  it("reports a handler that fails after it answered, and answers once", async () => {
    const handle = async (call: IncomingCall) => {
      await call.reply([call.body]);
      throw new Error("late");
    };
    const { client, serverEvents, events } = await pair({ programs: [echoProgram([], { handle })] });
    await client.call(request(Procedure.echo));
    await settle();
    expect(serverEvents).toMatchObject([{ type: "handler-failed", procedure: Procedure.echo }]);
    expect(events).toEqual([]);
  });

  it("fails loudly when a call is answered twice", async () => {
    const { client, held } = await pair();
    const call = watch(client.call(request(Procedure.hold)));
    await settle();
    await held[0]?.reply([]);
    await expect(held[0]?.reply([])).rejects.toThrow("answered once");
    expect(() => held[0]?.block()).toThrow("invariant");
    expect(call.settled).toBe(1);
  });

  it("gives one-way calls to their handler and never answers them, not even unknown ones", async () => {
    const heard: number[] = [];
    const program = echoProgram([], { isOneWay: true, handle: (call) => void heard.push(call.body[0] ?? 0) });
    const { client, server, events } = await pair({ programs: [program] });
    await client.notify(request(Procedure.echo, bytes(5)));
    await client.notify(request(77));
    await client.notify({ ...request(1), version: 8 });
    await settle();
    expect(heard).toEqual([5]);
    expect(events).toEqual([]);
    expect(server.stats().servesOutstanding).toBe(0);
  });

  it("calls back on the connection that the other end opened", async () => {
    const [near, far] = await connectionPair();
    const { scheduler } = await pair();
    const held: IncomingCall[] = [];
    createRpcPeer({ connection: near, scheduler, programs: [echoProgram(held)] });
    const server = createRpcPeer({ connection: far, scheduler });
    expect([...(await server.call(request(Procedure.echo, bytes(8)))).body]).toEqual([8]);
  });
});

describe("bounds of serving", () => {
  it("reads no further than so many calls, and reads on when one is answered", async () => {
    const { client, held } = await pair({ server: { outstandingCallsMax: 3 } });
    for (let made = 0; made < 10; made += 1) watch(client.call(request(Procedure.hold)));
    await settle();
    expect(held.length).toBe(3);
    void held[0]?.reply([]);
    await settle();
    expect(held.length).toBe(4);
  });

  it("reads no further than so many bytes", async () => {
    const { client, held } = await pair({ server: { outstandingBytesMax: 1_000 } });
    for (let made = 0; made < 4; made += 1) watch(client.call(request(Procedure.hold, new Uint8Array(900))));
    await settle();
    expect(held.length).toBe(2);
  });

  it("reads on past calls that wait for others, among them the one that ends the wait, and pings", async () => {
    const locks: IncomingCall[] = [];
    const blocked: boolean[] = [];
    const handle = (call: IncomingCall) => {
      if (call.procedure === Procedure.hold) {
        blocked.push(call.block(), call.block());
        locks.push(call);
        return;
      }
      for (const lock of locks) void lock.reply([]);
      void call.reply([]);
    };
    const { client, server } = await pair({
      server: { outstandingCallsMax: 1 },
      programs: [...withDump([echoProgram([], { handle })])],
    });
    const waits = Array.from({ length: 20 }, () => watch(client.call(request(Procedure.hold))));
    await settle();
    expect(blocked).toEqual(Array.from({ length: 40 }, () => true));
    expect(server.stats()).toMatchObject({ servesBlocking: 20, servesOutstanding: 0 });
    const ping = { program: programs.dump.number, version: 1, procedure: dump.ping.number, body: [] };
    expect((await client.call(ping)).body.length).toBe(12);
    await client.call(request(Procedure.echo));
    await settle();
    expect(waits.every((wait) => wait.settled === 1)).toBe(true);
    expect(server.stats()).toMatchObject({ servesBlocking: 0, servesOutstanding: 0 });
  });

  it("tells the handler of one blocking call too many to refuse it", async () => {
    const answers: boolean[] = [];
    const handle = (call: IncomingCall) => {
      answers.push(call.block());
      if (answers.at(-1) === false) call.refuse("systemError");
    };
    const { client } = await pair({
      server: { blockingCallsMax: 2 },
      programs: [echoProgram([], { handle })],
    });
    const calls = [1, 2, 3].map(() => watch(client.call(request(Procedure.hold))));
    await settle();
    expect(answers).toEqual([true, true, false]);
    expect(calls.map((call) => call.settled)).toEqual([0, 0, 1]);
  });

  it("ends a connection whose peer takes no answers", async () => {
    const { client, far, held, serverEvents } = await pair();
    watch(client.call(request(Procedure.hold)));
    await settle();
    far.send = () => Promise.reject(new TransportError("TRANSPORT_QUEUE_FULL", "no"));
    await held[0]?.reply([]);
    await expect(client.closed).resolves.toEqual(failure("RPC_DISCONNECTED", "no"));
    expect(serverEvents).toMatchObject([{ type: "answer-lost", error: { code: "TRANSPORT_QUEUE_FULL" } }]);
  });

  it("answers systemError in place of an answer that no record can hold", async () => {
    const { client, far, held } = await pair();
    const call = watch(client.call(request(Procedure.hold)));
    await settle();
    const send = far.send.bind(far);
    far.send = () => {
      far.send = send;
      return Promise.reject(new TransportError("TRANSPORT_RECORD_TOO_LARGE", "no"));
    };
    void held[0]?.reply([]);
    await settle();
    expect(call.error).toEqual(failure("RPC_REJECTED", "maybe", { refusal: "systemError" }));
  });
});

describe("a peer that lies", () => {
  const call = (changes: Record<number, number>) => {
    const [record] = encodeCall({ xid: 7, program: ECHO.number, version: 3, procedure: 1, auth: NULL_AUTH });
    const copy = Uint8Array.from(record as Uint8Array);
    for (const [at, value] of Object.entries(changes)) new DataView(copy.buffer).setUint32(Number(at), value);
    return copy;
  };

  it.each([
    ["another RPC version", call({ 8: 3 }), { status: "denied", rejectStat: 0, low: 2, high: 2 }],
    ["a broken credential", call({ 24: 1 }), { status: "denied", rejectStat: 1 }],
    ["a cut header", call({}).subarray(0, 20), { status: "accepted", acceptStat: 4 }],
  ])("is answered when its call has %s", async (_, record, header) => {
    const answers: Uint8Array[] = [];
    const [raw, served] = await connectionPair();
    const { scheduler } = await pair();
    const server = createRpcPeer({ connection: served, scheduler, programs: [echoProgram([])] });
    raw.receive((answer) => void answers.push(answer));
    await raw.send([record]);
    await settle();
    expect(answers.map((answer) => decodeMessage(answer).header)).toMatchObject([{ xid: 7, ...header }]);
    expect(server.stats().servesOutstanding).toBe(0);
  });

  it("loses its connection when what it sends is neither call nor reply", async () => {
    const [raw, served] = await connectionPair();
    const { scheduler } = await pair();
    const server = createRpcPeer({ connection: served, scheduler });
    raw.receive(() => {});
    await raw.send([bytes(1, 2, 3)]);
    await expect(server.closed).resolves.toMatchObject({ code: "RPC_DISCONNECTED" });
  });

  it("fails only the call whose reply does not decode, and cannot settle one twice", async () => {
    const [near, raw] = await connectionPair();
    const { scheduler } = await pair();
    const client = createRpcPeer({ connection: near, scheduler, options: { pingTimeoutMs: 0 } });
    raw.receive(() => {});
    const calls = [1, 2].map(() => watch(client.call(request(Procedure.echo))));
    const reply = (xid: number) => encodeReply({ xid, status: "accepted", acceptStat: 0 });
    await raw.send([bytes(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9)]);
    await raw.send(reply(2));
    await raw.send(reply(2));
    await raw.send(reply(99));
    await settle();
    expect(calls[0]?.error).toEqual(failure("RPC_GARBAGE", "maybe"));
    expect(calls.map((seen) => seen.settled)).toEqual([1, 1]);
    expect(client.stats()).toMatchObject({ repliesDuplicate: 1, repliesUnknown: 1 });
  });

  it("is believed when it denies a call", async () => {
    const [near, raw] = await connectionPair();
    const { scheduler } = await pair();
    const client = createRpcPeer({ connection: near, scheduler, options: { pingTimeoutMs: 0 } });
    raw.receive(() => void raw.send(encodeReply({ xid: 1, status: "denied", rejectStat: 1, authStat: 5 })));
    await expect(client.call(request(1))).rejects.toEqual(failure("RPC_DENIED", "no"));
  });
});

describe("DUMP and ping", () => {
  it("lists the programs served, itself last", async () => {
    const { client } = await pair({ programs: [...withDump([echoProgram([])])] });
    const body = encodeBody(dump.dump.request, { gfsId: 0xcaedn });
    const reply = await client.call({ program: programs.dump.number, version: 1, procedure: 1, body });
    const { opRet, programs: listed } = decodeBody(dump.dump.reply, reply.body);
    expect(opRet).toBe(0);
    expect(listed).toEqual([
      { progname: "echo", prognum: 4_711n, progver: 3n },
      { progname: "GF-DUMP", prognum: 123_451_501n, progver: 1n },
    ]);
  });

  it("pings a server that serves no pings, and takes its refusal for a sign of life", async () => {
    const { client, scheduler } = await pair({ client: { pingTimeoutMs: 100 } });
    const call = watch(client.call(request(Procedure.hold)));
    await settle();
    expect(client.stats().pingsSent).toBe(1);
    scheduler.advance(100);
    await settle();
    expect(client.stats().pingsSent).toBe(2);
    expect(call.settled).toBe(0);
  });

  it("drops a silent peer after the ping timeout; calls fail with RPC_PING_TIMEOUT, maybe executed", async () => {
    const [near, raw] = await connectionPair();
    const { scheduler } = await pair();
    const client = createRpcPeer({ connection: near, scheduler, options: { pingTimeoutMs: 100 } });
    raw.receive(() => {});
    const call = watch(client.call(request(1)));
    scheduler.advance(99);
    await settle();
    expect(call.settled).toBe(0);
    scheduler.advance(1);
    await expect(client.closed).resolves.toEqual(failure("RPC_PING_TIMEOUT", "maybe"));
    await settle();
    expect(call.error).toEqual(failure("RPC_PING_TIMEOUT", "maybe"));
    expect(scheduler.armed).toBe(0);
  });
});

it("refuses options that make no sense", async () => {
  const [connection] = await connectionPair();
  const { scheduler } = await pair();
  expect(() => createRpcPeer({ connection, scheduler, options: { inFlightMax: 9, callsMax: 3 } })).toThrow(
    "inFlightMax must not exceed callsMax",
  );
});
