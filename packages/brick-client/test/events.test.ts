import { programs } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type ClientEvent } from "../src/index.js";
import { clientError, settle, setup } from "./client-fixture.js";

describe("events", () => {
  it("carry the brick's other calls as they are, and leave out what is unknown or broken", async () => {
    const { client, brick } = await setup();
    await client.connect();
    const events = client.events();
    const { number: program, version } = programs.callback;
    await brick.peers[0]?.notify({ program, version, procedure: 99, body: [] });
    await brick.peers[0]?.notify({ program, version, procedure: 8, body: [Uint8Array.of(1)] });
    await brick.callBack("statedump", { pid: 5 });
    expect((await events.next()).value).toEqual({
      type: "callback",
      name: "statedump",
      session: 1,
      request: { pid: 5 },
    });
    expect(client.isUp).toBe(true);
  });

  it("end for a reader that falls too far behind, after those that were kept, with an error", async () => {
    const { client, brick } = await setup({ eventsMax: 2 });
    await client.connect();
    const [slow, other] = [client.events(), client.events()];
    for (const pid of [1, 2]) await brick.callBack("statedump", { pid });
    await settle();
    await other.next();
    await brick.callBack("statedump", { pid: 3 });
    await settle();
    const pids = async (events: AsyncIterableIterator<ClientEvent, undefined>, count: number) => {
      const seen: unknown[] = [];
      for (let event = 0; event < count; event += 1) seen.push((await events.next()).value);
      return seen.map((event) => (event as { request: { pid: number } }).request.pid);
    };
    expect(await pids(slow, 2)).toEqual([1, 2]);
    await expect(slow.next()).rejects.toEqual(clientError("CLIENT_EVENTS_LOST"));
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect(await pids(other, 2)).toEqual([2, 3]);
  });

  it("stop for a reader that leaves its loop, and end with the client", async () => {
    const { client, brick } = await setup();
    await client.connect();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of client.events()) {
        seen.push(event.type);
        if (event.type === "callback") break;
      }
    })();
    await brick.callBack("statedump", { pid: 1 });
    await reading;
    await brick.callBack("statedump", { pid: 2 });
    const rest = client.recalls();
    const waiting = rest.next();
    await client.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await client.events().next()).toEqual({ done: true, value: undefined });
    expect(seen).toEqual(["callback"]);
  });
});
