import { connect, type Socket } from "node:net";
import type { Connection, Listener } from "@brickshift/transport";
import { afterEach, expect, it } from "vitest";
import { createTcpTransport, type TcpTransportOptionsInput } from "../src/index.js";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** A listener with these options, the raw peer that connected to it, and the connection to that. */
async function peerOf(options: TcpTransportOptionsInput) {
  let arrive: (connection: Connection) => void = () => {};
  const arrived = new Promise<Connection>((resolve) => {
    arrive = resolve;
  });
  const listener: Listener = await createTcpTransport(options).listen("tcp://127.0.0.1:0", (connection) =>
    arrive(connection),
  );
  undo.push(() => listener.close());
  const socket: Socket = connect({ port: Number(new URL(listener.address).port), host: "127.0.0.1" });
  socket.on("error", () => {});
  undo.push(() => socket.destroy());
  return { socket, connection: await arrived };
}

it.each([true, false])(
  "ends a peer that sends a record one byte at a time, steered: %s",
  async (isSteered) => {
    const { socket, connection } = await peerOf({ recordTimeoutMs: 200, isSteered });
    const records: Uint8Array[] = [];
    connection.receive((record) => void records.push(record));
    socket.write(Uint8Array.of(0x80, 0, 0, 1, 7, 0x80, 0, 1, 0));
    const trickle = setInterval(() => socket.write(Uint8Array.of(1)), 20);
    undo.push(() => clearInterval(trickle));
    expect(await connection.closed).toMatchObject({ code: "TRANSPORT_STALLED" });
    expect(records).toHaveLength(1);
  },
);

it("ends a peer that does not read what it is sent", async () => {
  const { socket, connection } = await peerOf({ sendTimeoutMs: 200 });
  socket.pause();
  connection.receive(() => {});
  // More than both kernels keep.
  const sends = Array.from({ length: 64 }, async () => connection.send([new Uint8Array(1_048_576)]));
  const settled = Promise.allSettled(sends);
  expect(await connection.closed).toMatchObject({ code: "TRANSPORT_STALLED" });
  expect((await settled).filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
});

it("waits for ever for a peer that is silent between records, and while this end does not read", async () => {
  const { socket, connection } = await peerOf({ recordTimeoutMs: 50, sendTimeoutMs: 50 });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const records: Uint8Array[] = [];
  connection.receive((record) => {
    records.push(record);
    return records.length === 1 ? held : undefined;
  });
  // A whole record, and half of the next, which this end does not look at yet.
  socket.write(Uint8Array.of(0x80, 0, 0, 1, 7, 0x80, 0, 0, 2, 8));
  await new Promise((resolve) => setTimeout(resolve, 300));
  release();
  socket.write(Uint8Array.of(9));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(records).toEqual([Uint8Array.of(7), Uint8Array.of(8, 9)]);
  connection.abort();
  expect(await connection.closed).toMatchObject({ code: "TRANSPORT_ABORTED" });
});
