import { ManualScheduler } from "@brickshift/testkit";
import type { Connection, Transport } from "@brickshift/transport";
import { expect, it } from "vitest";
import { createMemoryTransport, MemoryNetwork, type MemoryTransportOptionsInput } from "../src/index.js";

/** Listens as `brick`; what arrives is kept. */
async function listenAt(transport: Transport): Promise<Connection[]> {
  const arrived: Connection[] = [];
  await transport.listen("memory://brick", (connection) => void arrived.push(connection));
  return arrived;
}

/** Two ends on a clock: every step takes 5 ms. */
async function pairOnClock(options: MemoryTransportOptionsInput = {}) {
  const scheduler = new ManualScheduler();
  const defer = (run: () => void) => void scheduler.at(scheduler.nowMs() + 5, run);
  const transport = createMemoryTransport(options, { defer });
  const arrived = await listenAt(transport);
  const connecting = transport.connect("memory://brick");
  scheduler.advance(5);
  return { scheduler, client: await connecting, server: arrived[0] as Connection };
}

it("moves only when the given scheduler does, and takes no longer for many than for one", async () => {
  const { scheduler, client, server } = await pairOnClock();
  const got: number[] = [];
  server.receive((record) => void got.push(record.length));
  for (let bytes = 1; bytes <= 20; bytes += 1) void client.send([new Uint8Array(bytes)]);
  void client.close();
  scheduler.advance(4);
  expect(got).toEqual([]);
  scheduler.advance(1);
  expect(got.length).toBe(20);
  // The server closes by itself; that takes a step of its own.
  scheduler.advance(5);
  expect([await client.closed, await server.closed]).toEqual([undefined, undefined]);
  expect(scheduler.armed).toBe(0);
});

it("holds what is in the receive buffer to its limit, one record at least", async () => {
  const { scheduler, client, server } = await pairOnClock({ receiveBufferBytesMax: 250 });
  const settled: number[] = [];
  for (let number = 0; number < 6; number += 1) {
    void client.send([new Uint8Array(100)]).then(() => settled.push(number));
  }
  scheduler.advance(100);
  await Promise.resolve();
  expect(settled).toEqual([0, 1, 2]);
  let got = 0;
  server.receive(() => {
    got += 1;
  });
  scheduler.advance(100);
  await Promise.resolve();
  expect([got, settled.length]).toEqual([6, 6]);
});

it("tells the peer of an abort a step later, and drops what was under way", async () => {
  const { scheduler, client, server } = await pairOnClock();
  let got = 0;
  server.receive(() => {
    got += 1;
  });
  const lost = client.send([new Uint8Array(1)]);
  client.abort();
  await expect(lost).rejects.toMatchObject({ code: "TRANSPORT_CLOSED" });
  scheduler.advance(5);
  expect((await server.closed)?.code).toBe("TRANSPORT_LOST");
  expect(got).toBe(0);
});

it("refuses one connection over the listener's limit, until one is gone", async () => {
  const transport = createMemoryTransport({ connectionsMax: 2 });
  const arrived = await listenAt(transport);
  await transport.connect("memory://brick");
  const second = await transport.connect("memory://brick");
  await expect(transport.connect("memory://brick")).rejects.toMatchObject({ code: "TRANSPORT_REFUSED" });
  second.abort();
  await arrived[1]?.closed;
  await transport.connect("memory://brick");
  expect(arrived.length).toBe(3);
});

it("gives each transport a network of its own unless they share one", async () => {
  const network = new MemoryNetwork();
  const [here, there, elsewhere] = [
    createMemoryTransport({}, { network }),
    createMemoryTransport({}, { network }),
    createMemoryTransport(),
  ];
  await listenAt(here);
  await there.connect("memory://brick");
  await expect(elsewhere.connect("memory://brick")).rejects.toMatchObject({ code: "TRANSPORT_REFUSED" });
  await listenAt(elsewhere);
});

it("names connecting ends differently", async () => {
  const transport = createMemoryTransport();
  const arrived = await listenAt(transport);
  await transport.connect("memory://brick");
  await transport.connect("memory://brick");
  expect(arrived.map((connection) => connection.peer.address)).toEqual([
    "memory://client-1",
    "memory://client-2",
  ]);
});

it("refuses options out of bounds", () => {
  expect(() => createMemoryTransport({ receiveBufferBytesMax: 0 })).toThrow("receiveBufferBytesMax");
});
