import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { parseBrickUrl } from "../src/brick-url.js";
import { connectBrick } from "../src/connect-brick.js";

it("gives up a port that lets everybody in and says nothing, with its address and what to look at", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `gluster://127.0.0.1:${(server.address() as AddressInfo).port}/b0`;
  const connected = connectBrick(parseBrickUrl(url), { processName: "test", attemptTimeoutMs: 200 });
  const error = await connected.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ exitCode: 3 });
  const { message } = error as Error;
  expect(message).toContain(`cannot connect to ${url}: `);
  expect(message).toContain("; nothing answered: see that a brick listens there, that it is not stopped");
  // It was let in, so that it is the silence that was met.
  expect(sockets.length).toBe(1);
  for (const socket of sockets) socket.destroy();
  server.close();
});
