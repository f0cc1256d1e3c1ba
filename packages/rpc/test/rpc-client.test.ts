import type { Connection } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { describe, expect, it } from "vitest";
import {
  createRpcClient,
  createRpcPeer,
  type IncomingCall,
  type RpcClientInit,
  type RpcClientOptionsInput,
  type RpcPeer,
} from "../src/index.js";
import { echoProgram, Procedure, request, settle, watch } from "./peers.js";

const failure = (code: string, executed: "no" | "maybe", more = {}) =>
  expect.objectContaining({ tag: "RpcError", code, executed, ...more }) as unknown;

/** A client of a server that can go and come back. */
async function setup(options: RpcClientOptionsInput = {}, init: Partial<RpcClientInit> = {}) {
  const scheduler = new ManualScheduler();
  const transport = createMemoryTransport();
  const held: IncomingCall[] = [];
  const servers: RpcPeer[] = [];
  const log: string[] = [];
  const listen = () =>
    transport.listen("memory://server", (connection) => {
      servers.push(createRpcPeer({ connection, scheduler, programs: [echoProgram(held)] }));
    });
  const client = createRpcClient({
    connect: (signal) => transport.connect("memory://server", { signal }),
    scheduler,
    random: seededRandom(1),
    options: { ...options, peer: { pingTimeoutMs: 0, ...options.peer } },
    onUp: (session) => log.push(`up ${session}`),
    onDown: (session, error) => log.push(`down ${session} ${error?.code ?? "in order"}`),
    onGiveUp: (error) => log.push(`give up ${(error as { code?: string }).code ?? String(error)}`),
    ...init,
  });
  return { client, scheduler, held, servers, log, listen };
}

describe("starting", () => {
  it("connects, shakes hands, then makes the calls that waited, in order", async () => {
    const order: string[] = [];
    const { client, listen, held } = await setup(
      {},
      {
        handshake: async (peer) => {
          await peer.call(request(Procedure.echo));
          order.push("shaken");
        },
      },
    );
    await listen();
    const starting = client.start();
    const calls = [1, 2].map((value) => watch(client.call(request(Procedure.hold, Uint8Array.of(value)))));
    expect(client.session).toBe(0);
    await starting;
    await settle();
    expect(order).toEqual(["shaken"]);
    expect(held.map((call) => call.body[0])).toEqual([1, 2]);
    for (const call of held) void call.reply([]);
    await settle();
    expect(calls.map((call) => call.settled)).toEqual([1, 1]);
    expect(client.session).toBe(1);
    await client.start();
  });

  it("goes where the handshake sends it, with each attempt from the first place on", async () => {
    const order: string[] = [];
    const { client, servers, scheduler } = await setup(
      {},
      {
        connect: (signal) => connectAnew("first", signal),
        handshake: async () => ({
          connect: (signal) => connectAnew("second", signal),
          handshake: async () => void order.push("shaken"),
        }),
      },
    );
    const transport = createMemoryTransport();
    await transport.listen("memory://there", (connection) => {
      servers.push(createRpcPeer({ connection, scheduler, programs: [echoProgram([])] }));
    });
    const connectAnew = (place: string, signal: AbortSignal) => {
      order.push(place);
      return transport.connect("memory://there", { signal });
    };
    await client.start();
    await settle();
    expect(order).toEqual(["first", "second", "shaken"]);
    await expect(servers[0]?.closed).resolves.toBeUndefined();
    servers[1]?.abort();
    await settle();
    scheduler.advance(10_000);
    await settle();
    expect(order.slice(3)).toEqual(["first", "second", "shaken"]);
    expect(client.session).toBe(2);
  });

  it("rejects with the reason when nobody listens, and can be started again", async () => {
    const { client, listen, log } = await setup();
    await expect(client.start()).rejects.toMatchObject({ code: "TRANSPORT_REFUSED" });
    await expect(client.call(request(1))).rejects.toEqual(
      failure("RPC_DISCONNECTED", "no", { cause: expect.objectContaining({ code: "TRANSPORT_REFUSED" }) }),
    );
    expect(log).toEqual(["give up TRANSPORT_REFUSED"]);
    await listen();
    await client.start();
    expect(client.session).toBe(1);
  });

  it("tries as often as it may, with pauses", async () => {
    const { client, listen, scheduler } = await setup({
      reconnect: { startAttemptsMax: 2, delayMinMs: 100 },
    });
    const starting = watch(client.start());
    await settle();
    expect(starting.settled).toBe(0);
    await listen();
    scheduler.advance(200);
    await settle();
    expect([starting.settled, client.session]).toEqual([1, 1]);
  });

  it("ends when its signal is aborted, and drops what connects too late", async () => {
    let arrive: (connection: Connection) => void = () => {};
    const { client, scheduler } = await setup(
      {},
      { connect: () => new Promise((resolve) => (arrive = resolve)) },
    );
    const controller = new AbortController();
    const starting = watch(client.start(controller.signal));
    await settle();
    controller.abort();
    await settle();
    expect(starting.error).toEqual(failure("RPC_ABORTED", "no"));
    const transport = createMemoryTransport();
    await transport.listen("memory://late", () => {});
    const late = await transport.connect("memory://late");
    arrive(late);
    await expect(late.closed).resolves.toBeDefined();
    expect(scheduler.armed).toBe(0);
    const again = watch(client.start(controller.signal));
    await settle();
    expect(again.error).toEqual(failure("RPC_ABORTED", "no"));
  });

  it("gives up a connection that does not come in time", async () => {
    const { client, scheduler } = await setup(
      { reconnect: { attemptTimeoutMs: 50 } },
      { connect: () => new Promise(() => {}) },
    );
    const starting = watch(client.start());
    await settle();
    scheduler.advance(50);
    await settle();
    expect(starting.error).toEqual(failure("RPC_TIMEOUT", "no"));
  });

  it("drops a connection whose handshake fails", async () => {
    const { client, listen, servers } = await setup(
      {},
      { handshake: () => Promise.reject(new Error("not you")) },
    );
    await listen();
    await expect(client.start()).rejects.toThrow("not you");
    await servers[0]?.closed;
  });
});

describe("a lost connection", () => {
  it("fails what was sent, keeps what waits, and comes back after a pause", async () => {
    const { client, listen, servers, held, scheduler, log } = await setup({ reconnect: { delayMinMs: 100 } });
    await listen();
    await client.start();
    const sent = watch(client.call(request(Procedure.hold)));
    await settle();
    servers[0]?.abort();
    await settle();
    expect(sent.error).toEqual(failure("RPC_DISCONNECTED", "maybe"));
    const waiting = watch(client.call(request(Procedure.hold)));
    await settle();
    expect(waiting.settled).toBe(0);
    scheduler.advance(100);
    await settle();
    expect(log).toEqual(["up 1", "down 1 RPC_DISCONNECTED", "up 2"]);
    void held[1]?.reply([]);
    await settle();
    expect(waiting.error).toBeUndefined();
    expect(waiting.settled).toBe(1);
    // The first call was sent once and is not repeated.
    expect(held.length).toBe(2);
  });

  it("lets calls wait no longer than their time, or their signal", async () => {
    const { client, listen, servers, scheduler } = await setup({
      reconnect: { delayMinMs: 1_000 },
      peer: { callTimeoutMs: 300 },
    });
    const server = await listen();
    await client.start();
    await server.close();
    servers[0]?.abort();
    await settle();
    const controller = new AbortController();
    const timed = watch(client.call(request(1), { timeoutMs: 200 }));
    const byDefault = watch(client.call(request(1)));
    const aborted = watch(client.call(request(1), { signal: controller.signal }));
    const early = watch(client.call(request(1), { signal: AbortSignal.abort() }));
    controller.abort();
    scheduler.advance(200);
    await settle();
    expect(timed.error).toEqual(failure("RPC_TIMEOUT", "no"));
    expect(aborted.error).toEqual(failure("RPC_ABORTED", "no"));
    expect(early.error).toEqual(failure("RPC_ABORTED", "no"));
    expect(byDefault.settled).toBe(0);
    scheduler.advance(100);
    await settle();
    expect(byDefault.error).toEqual(failure("RPC_TIMEOUT", "no"));
  });

  it("refuses more waiting calls than the bounds allow", async () => {
    const { client, listen, servers } = await setup({
      reconnect: { delayMinMs: 1_000 },
      peer: { callsMax: 2, inFlightMax: 2, queueBytesMax: 10 },
    });
    await listen();
    await client.start();
    servers[0]?.abort();
    await settle();
    const large = watch(client.call(request(1, new Uint8Array(11))));
    const calls = [1, 2, 3].map(() => watch(client.call(request(1))));
    await settle();
    expect(large.error).toEqual(failure("RPC_QUEUE_FULL", "no"));
    expect(calls.map((call) => call.settled)).toEqual([0, 0, 1]);
    expect(calls[2]?.error).toEqual(failure("RPC_QUEUE_FULL", "no"));
  });

  it("fails calls at once when told to", async () => {
    const { client, listen, servers } = await setup({ whileDown: "fail" });
    await listen();
    await client.start();
    servers[0]?.abort();
    await settle();
    await expect(client.call(request(1))).rejects.toEqual(failure("RPC_DISCONNECTED", "no"));
  });

  it("ends for good, with the waiting calls, when coming back fails fatally", async () => {
    let isWelcome = true;
    const { client, listen, servers, scheduler, log } = await setup(
      {},
      {
        handshake: () => (isWelcome ? Promise.resolve() : Promise.reject(new Error("banned"))),
        isFatal: (error) => (error as Error).message === "banned",
      },
    );
    await listen();
    await client.start();
    isWelcome = false;
    servers[0]?.abort();
    await settle();
    const waiting = watch(client.call(request(1)));
    scheduler.advance(100);
    await settle();
    expect(waiting.error).toEqual(failure("RPC_DISCONNECTED", "no", { cause: new Error("banned") }));
    expect(log.at(-1)).toBe("give up Error: banned");
    expect(scheduler.armed).toBe(0);
  });
});

describe("closing", () => {
  it("ends the connection in order, fails what waits, and refuses the rest", async () => {
    const { client, listen, servers, log } = await setup();
    await listen();
    await client.start();
    const last = watch(client.call(request(Procedure.echo)));
    await client.close();
    await client.close();
    expect(last.error).toBeUndefined();
    expect(last.settled).toBe(1);
    await expect(servers[0]?.closed).resolves.toBeUndefined();
    await expect(client.call(request(1))).rejects.toEqual(failure("RPC_CLOSED", "no"));
    await expect(client.start()).rejects.toEqual(failure("RPC_CLOSED", "no"));
    expect(log).toEqual(["up 1", "down 1 in order"]);
  });

  it("fails the calls that wait for a connection, and a start under way", async () => {
    const { client, scheduler } = await setup({}, { connect: () => new Promise(() => {}) });
    const starting = watch(client.start());
    const waiting = watch(client.call(request(1)));
    await client.close();
    await settle();
    expect(scheduler.armed).toBe(0);
    expect(starting.error).toEqual(failure("RPC_CLOSED", "no"));
    expect(waiting.error).toEqual(failure("RPC_CLOSED", "no"));
  });
});
