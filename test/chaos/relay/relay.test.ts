import type { Connection } from "@brickshift/transport";
import { createTcpTransport } from "@brickshift/transport-net";
import { encodeCall, NULL_AUTH, programs } from "@brickshift/wire";
import { afterEach, expect, it } from "vitest";
import type { CallListener } from "./call-at.js";
import { Relay } from "./relay.js";

const transport = createTcpTransport();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A client and a server with a relay between them, and what the server has received. */
async function stage(onCall?: CallListener) {
  const received: string[] = [];
  let onReceived = () => {};
  const accepted: Connection[] = [];
  const listener = await transport.listen("tcp://127.0.0.1:0", (connection) => {
    accepted.push(connection);
    connection.receive((record) => {
      received.push(Buffer.from(record).toString());
      onReceived();
    });
  });
  const relay = await Relay.start(() => Number(new URL(listener.address).port), onCall);
  const client = await transport.connect(`tcp://127.0.0.1:${relay.port}`);
  client.receive(() => {});
  endings.push(
    () => listener.close(),
    () => relay.close(),
    () => client.abort(),
  );
  const send = (text: string) => client.send([Buffer.from(text)]).catch(() => {});
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      onReceived = () => received.length >= count && resolve();
      onReceived();
    });
  return { relay, client, accepted, received, send, until };
}

it("carries records in order, and what it blocks when that is over", async () => {
  const { relay, send, received, until } = await stage();
  await send("one");
  await until(1);
  const blocked = relay.block("to-brick", 50, false);
  void send("two");
  void send("three");
  expect(received).toEqual(["one"]);
  await blocked;
  await until(3);
  expect(received).toEqual(["one", "two", "three"]);
});

it("cuts both ends", async () => {
  const { relay, client, accepted, send, until } = await stage();
  await send("one");
  await until(1);
  relay.cut();
  await Promise.all([client.closed, accepted[0]?.closed]);
});

const call = () =>
  encodeCall({ xid: 7, program: programs.dump.number, version: 1, procedure: 1, auth: NULL_AUTH }, []);

it("lets what a client asked for arrive when that has gone, and the server has not heard of it", async () => {
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { client, accepted, received, until } = await stage(({ moment }) => {
    if (moment === "asked") asked();
    return { lateMs: 100 };
  });
  await client.send(call());
  await isAsked;
  client.abort();
  await until(1);
  expect(received).toHaveLength(1);
  await accepted[0]?.closed;
});

it("loses the call that is to be lost, and no other", async () => {
  let asked = 0;
  const { client, received, until } = await stage(({ moment }) => {
    if (moment === "asked") asked += 1;
    return moment === "asked" && asked === 1 ? "drop" : "pass";
  });
  await client.send(call());
  await client.send(call());
  await until(1);
  expect({ asked, received: received.length }).toEqual({ asked: 2, received: 1 });
});
