import { expect, it } from "vitest";
import { settle, startBrick } from "../test-brick.js";

it("ends a connection that has not done its SETVOLUME in time, with a code, and no other", async () => {
  const { client, connect, scheduler, events, brick } = await startBrick({ handshakeTimeoutMs: 500 });
  await client();
  const silent = await connect();
  await settle();
  scheduler.advance(499);
  await settle();
  expect(events.filter(({ type }) => type === "connection-closed")).toEqual([]);
  scheduler.advance(1);
  await silent.peer.closed;
  await settle();
  expect(events.filter(({ type }) => type === "connection-closed")).toMatchObject([
    { code: "BRICK_HANDSHAKE_TIMEOUT" },
  ]);
  scheduler.advance(10_000);
  await settle();
  expect(brick.clients.size).toBe(1);
});

it("does not take a refused SETVOLUME for a handshake", async () => {
  const { connect, scheduler, events } = await startBrick({ handshakeTimeoutMs: 500 });
  const stranger = await connect();
  await stranger.setvolume({ "remote-subvolume": "none" });
  scheduler.advance(500);
  await stranger.peer.closed;
  await settle();
  expect(events.at(-1)).toMatchObject({ type: "connection-closed", code: "BRICK_HANDSHAKE_TIMEOUT" });
});
