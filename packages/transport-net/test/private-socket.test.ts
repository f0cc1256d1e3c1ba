import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { withOnread } from "../src/private-socket.js";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Accepts one connection, paused; resolves with both its ends. */
function accept(): Promise<{ server: Server; accepted: Socket; peer: Socket }> {
  return new Promise((resolve) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    servers.push(server);
    server.listen(0, "127.0.0.1", () => {
      const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
      server.once("connection", (accepted) => resolve({ server, accepted, peer }));
    });
  });
}

it("reads an accepted connection into given memory, on the Node that runs this", async () => {
  const { server, accepted, peer } = await accept();
  const target = new Uint8Array(100);
  const arrived = new Promise<number>((resolve) => {
    const socket = withOnread(accepted, {
      buffer: () => target,
      callback: (count) => {
        resolve(count);
        return true;
      },
    });
    expect(socket).toBeInstanceOf(Socket);
    socket?.on("end", () => socket.end("bye"));
  });
  const farewell = new Promise((resolve) => {
    peer.on("data", (chunk) => resolve(chunk.toString()));
  });
  peer.end("hello");
  expect(await arrived).toBe(5);
  expect(Buffer.from(target.subarray(0, 5)).toString()).toBe("hello");
  expect(await farewell).toBe("bye");
  const open = new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count));
  });
  expect(await open, "the server forgot the shell").toBe(0);
});

it("leaves a socket alone whose handle is made differently, or that has none", async () => {
  const { accepted, peer } = await accept();
  const internals = accepted as unknown as { _handle: object };
  const handle = internals._handle;
  const onread = { buffer: new Uint8Array(1), callback: () => true };
  for (const strange of [{}, { reading: true }, { reading: false, useUserBuffer: 1, readStop: 1 }]) {
    internals._handle = strange;
    expect(withOnread(accepted, onread)).toBeUndefined();
    expect(internals._handle).toBe(strange);
  }
  internals._handle = handle;
  expect(withOnread(new Socket(), onread)).toBeUndefined();
  accepted.destroy();
  peer.destroy();
});
