import type { Connection } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { ManualScheduler, type SeededRandom, seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { createRpcClient, createRpcPeer, type RpcError, type RpcPeer } from "../src/index.js";
import { ECHO, echoProgram, settle } from "./peers.js";

/** `connection` whose records leave late, in another order, and some of them twice. */
function unruly(connection: Connection, scheduler: ManualScheduler, random: SeededRandom): Connection {
  const send = (chunks: readonly Uint8Array[]) => {
    const record = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    const later = () => void connection.send([record]).catch(() => {});
    scheduler.at(scheduler.nowMs() + random.below(40), later);
    if (random.chance(0.1)) scheduler.at(scheduler.nowMs() + random.below(80), later);
    return Promise.resolve();
  };
  return {
    peer: connection.peer,
    closed: connection.closed,
    send,
    receive: (handler) => connection.receive(handler),
    close: () => connection.close(),
    abort: (reason) => connection.abort(reason),
  };
}

interface Outcome {
  settled: number;
  error?: RpcError;
  answer?: number;
}

it.each([1, 2, 3, 4, 5, 6])(
  "settles every call exactly once, and none twice carried out, under loss, delay and duplicates, seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const scheduler = new ManualScheduler();
    const transport = createMemoryTransport();
    const servers: RpcPeer[] = [];
    const executions = new Map<number, number>();
    const program = echoProgram([], {
      handle(call) {
        const id = new DataView(call.body.buffer, call.body.byteOffset).getUint32(0);
        executions.set(id, (executions.get(id) ?? 0) + 1);
        // One in twenty is never answered.
        if (random.chance(0.95)) void call.reply([call.body.slice()]);
        else call.block();
      },
    });
    await transport.listen("memory://s", (connection) => {
      servers.push(
        createRpcPeer({ connection: unruly(connection, scheduler, random), scheduler, programs: [program] }),
      );
    });
    const stray = { late: 0, duplicate: 0, unknown: 0 };
    const client = createRpcClient({
      connect: (signal) => transport.connect("memory://s", { signal }),
      scheduler,
      random,
      options: {
        peer: { inFlightMax: 8, callsMax: 40, pingTimeoutMs: 500, callTimeoutMs: 300 },
        reconnect: { delayMinMs: 20, delayMaxMs: 100 },
      },
      onEvent: (event) => {
        if (event.type === "stray-reply") stray[event.kind] += 1;
      },
    });
    await client.start();

    const outcomes: Outcome[] = [];
    const call = () => {
      const id = outcomes.length;
      const body = new Uint8Array(4);
      new DataView(body.buffer).setUint32(0, id);
      const controller = random.chance(0.1) ? new AbortController() : undefined;
      if (controller !== undefined)
        scheduler.at(scheduler.nowMs() + random.below(60), () => controller.abort());
      const options = {
        ...(random.chance(0.3) ? { timeoutMs: 1 + random.below(40) } : {}),
        ...(controller === undefined ? {} : { signal: controller.signal }),
        isExempt: random.chance(0.1),
      };
      const outcome: Outcome = { settled: 0 };
      outcomes.push(outcome);
      client.call({ program: ECHO.number, version: ECHO.version, procedure: 1, body: [body] }, options).then(
        (reply) => {
          outcome.settled += 1;
          outcome.answer = new DataView(reply.body.buffer, reply.body.byteOffset).getUint32(0);
        },
        (error: RpcError) => {
          outcome.settled += 1;
          outcome.error = error;
        },
      );
    };
    for (let turn = 0; turn < 400; turn += 1) {
      for (let count = random.below(12); count > 0; count -= 1) call();
      await settle();
      if (random.chance(0.03)) servers.at(-1)?.abort();
      await settle();
      scheduler.advance(random.below(30));
    }
    for (let turn = 0; turn < 100; turn += 1) {
      await settle();
      scheduler.advance(20);
    }
    await client.close();
    await settle();

    expect(outcomes.filter((outcome) => outcome.settled !== 1)).toEqual([]);
    const answered = outcomes.flatMap(({ error, answer }, id) =>
      error === undefined ? [{ id, answer }] : [],
    );
    expect(answered.filter(({ id, answer }) => answer !== id || executions.get(id) !== 1)).toEqual([]);
    const wronglyExecuted = outcomes.filter(
      ({ error }, id) => error !== undefined && (executions.get(id) ?? 0) > (error.executed === "no" ? 0 : 1),
    );
    expect(wronglyExecuted).toEqual([]);
    // The walk is worth nothing if it did not get to where things go wrong.
    const failures = new Set(
      outcomes.flatMap(({ error }) => (error === undefined ? [] : [`${error.code} ${error.executed}`])),
    );
    expect([...failures].toSorted()).toEqual([
      "RPC_ABORTED maybe",
      "RPC_ABORTED no",
      "RPC_DISCONNECTED maybe",
      "RPC_DISCONNECTED no",
      "RPC_QUEUE_FULL no",
      "RPC_TIMEOUT maybe",
      "RPC_TIMEOUT no",
    ]);
    expect(client.session).toBeGreaterThan(3);
    expect(stray.late).toBeGreaterThan(5);
    expect(stray.duplicate).toBeGreaterThan(5);
    expect(stray.unknown).toBe(0);
    expect(answered.length).toBeGreaterThan(500);
    expect(scheduler.armed).toBeLessThan(100);
  },
);
