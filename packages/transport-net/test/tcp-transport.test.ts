import { type AddressInfo, createServer } from "node:net";
import type { Connection, Listener } from "@brickshift/transport";
import { afterEach, expect, it, vi } from "vitest";
import { createTcpTransport, createTlsTransport, type TcpTransportOptionsInput } from "../src/index.js";
import { makeIdentities } from "./identities.js";

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** Listens; what arrives is kept. */
async function listenWith(
  options: TcpTransportOptionsInput,
  address = "tcp://127.0.0.1:0",
): Promise<{ listener: Listener; arrived: Connection[] }> {
  const arrived: Connection[] = [];
  const listener = await createTcpTransport(options).listen(address, (connection) => {
    connection.receive(() => {});
    undo.push(() => connection.abort());
    arrived.push(connection);
  });
  undo.push(() => listener.close());
  return { listener, arrived };
}

it.each([true, false])("closes what arrives over the listener's limit, steered: %s", async (isSteered) => {
  const { listener, arrived } = await listenWith({ connectionsMax: 2, isSteered });
  const transport = createTcpTransport();
  const connect = async () => {
    const client = await transport.connect(listener.address);
    client.receive(() => {});
    undo.push(() => client.abort());
    return client;
  };
  const [first] = [await connect(), await connect()];
  await vi.waitUntil(() => arrived.length === 2);
  const third = await connect();
  await third.closed;
  expect(arrived.length).toBe(2);
  await first.close();
  // The place is free when the listener's end is gone too.
  await arrived[0]?.closed;
  await vi.waitUntil(async () => {
    await connect();
    return arrived.length === 3;
  });
});

it("listens on IPv6 and names both ends in brackets", async () => {
  const { listener, arrived } = await listenWith({}, "tcp://[::1]:0");
  expect(listener.address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
  const client = await createTcpTransport().connect(listener.address);
  await vi.waitUntil(() => arrived.length === 1);
  expect(arrived[0]?.peer.address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
  await client.close();
});

it("finds a host that does not exist out of reach", async () => {
  await expect(createTcpTransport().connect("tcp://nowhere.invalid:1")).rejects.toMatchObject({
    code: "TRANSPORT_UNREACHABLE",
  });
});

it("does not listen on an address of another host", async () => {
  await expect(createTcpTransport().listen("tcp://192.0.2.1:0", () => {})).rejects.toMatchObject({
    code: "TRANSPORT_ADDRESS",
  });
});

/** A listener that accepts and then says nothing. */
async function listenMute(): Promise<string> {
  const server = createServer((socket) => void undo.push(() => socket.destroy()));
  undo.push(() => server.close());
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return `tls://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

it("gives up a handshake that is not answered, after the time given", async () => {
  const { client } = await makeIdentities();
  const transport = createTlsTransport({ ...client, connectTimeoutMs: 20 });
  await expect(transport.connect(await listenMute())).rejects.toMatchObject({
    code: "TRANSPORT_UNREACHABLE",
  });
});

it("gives up a handshake that is not answered, when the signal aborts", async () => {
  const { client } = await makeIdentities();
  const controller = new AbortController();
  const connecting = createTlsTransport(client).connect(await listenMute(), { signal: controller.signal });
  const cause = new Error("changed my mind");
  controller.abort(cause);
  await expect(connecting).rejects.toMatchObject({ code: "TRANSPORT_ABORTED", cause });
});

it("refuses options out of bounds before any I/O", () => {
  expect(() => createTcpTransport({ recordBytesMax: 1 })).toThrow("recordBytesMax");
});

it.each([0, 1, 2, 3, 4])(
  "lets go of the socket when it aborts %i ticks into an orderly end",
  async (ticks) => {
    const server = createServer({ allowHalfOpen: true });
    undo.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const gone = new Promise((resolve) => {
      server.on("connection", (socket) => {
        undo.push(() => socket.destroy());
        socket.on("error", resolve);
        // A socket that is closed answers what comes with a reset; one that was only forgotten takes it.
        const write = () => {
          socket.write("more", () => setImmediate(write));
        };
        socket.on("end", write);
        socket.resume();
      });
    });
    const { port } = server.address() as AddressInfo;
    const client = await createTcpTransport().connect(`tcp://127.0.0.1:${port}`);
    client.receive(
      () => {},
      () => {},
    );
    void client.close();
    for (let tick = 0; tick < ticks; tick += 1) {
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
    }
    client.abort();
    expect((await client.closed)?.code).toBe("TRANSPORT_ABORTED");
    expect(await gone).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  },
);
