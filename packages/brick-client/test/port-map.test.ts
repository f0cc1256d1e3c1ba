import { withDump, type ServedProgram } from "@brickshift/rpc";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import type { Transport } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { decodeBody, encodeBody, portmap, programs } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createBrickClient } from "../src/index.js";
import { mappedAddress } from "../src/mapped-address.js";
import { clientError, settle } from "./client-fixture.js";
import { fakeBrick } from "./fake-brick.js";

/** The memory transport under addresses that have ports. */
function transportWithPorts(): Transport {
  const memory = createMemoryTransport();
  const inMemory = (address: string) => address.replace(/:(\d+)$/, "-$1");
  return {
    schemes: memory.schemes,
    connect: (address, options) => memory.connect(inMemory(address), options),
    listen: (address, onConnection) => memory.listen(inMemory(address), onConnection),
  };
}

/** A port mapper that answers with the port that is in `ports`, and a brick at each of those ports that are served. */
async function setup(address = "memory://host:24007") {
  const scheduler = new ManualScheduler();
  const transport = transportWithPorts();
  const ports = new Map([["/bricks/b0", 49_152]]);
  const mapper: ServedProgram = {
    ...programs.portmap,
    procedures: new Set([1]),
    handle(call) {
      const { brick } = decodeBody(portmap.portByBrick.request, call.body);
      const port = ports.get(brick);
      const reply =
        port === undefined
          ? { opRet: -1, opErrno: 0, status: 0, port: 0 }
          : { opRet: 0, opErrno: 0, status: 1, port };
      void call.reply(encodeBody(portmap.portByBrick.reply, reply));
    },
  };
  const { brick: glusterd, accept: acceptAtMapper } = fakeBrick();
  glusterd.programs = () => withDump([mapper]);
  await transport.listen(address, (connection) => acceptAtMapper(connection, scheduler));
  const serve = async (port: number) => {
    const { brick, accept } = fakeBrick();
    const listener = await transport.listen(`memory://host:${port}`, (connection) =>
      accept(connection, scheduler),
    );
    return { brick, listener };
  };
  const client = createBrickClient({
    transport,
    address,
    brick: "/bricks/b0",
    scheduler,
    random: seededRandom(1),
    options: { pingTimeoutMs: 0, reconnect: { delayMinMs: 100 } },
  });
  return { client, ports, serve, glusterd, mapper, scheduler };
}

it("asks a port mapper for the brick's port and connects there, anew with each connection", async () => {
  const { client, ports, serve, glusterd, scheduler } = await setup();
  const first = await serve(49_152);
  await client.connect();
  expect([client.session, first.brick.clients.length, glusterd.clients.length]).toEqual([1, 1, 0]);

  ports.set("/bricks/b0", 49_153);
  const second = await serve(49_153);
  await first.listener.close();
  first.brick.peers[0]?.abort();
  await settle();
  scheduler.advance(100);
  await settle();
  expect([client.isUp, client.session, second.brick.clients.length]).toEqual([true, 2, 1]);
  expect(glusterd.peers).toHaveLength(2);
});

it("keeps no connection to the port mapper", async () => {
  const { client, serve, glusterd } = await setup();
  await serve(49_152);
  await client.connect();
  await expect(glusterd.peers[0]?.closed).resolves.toBeUndefined();
});

it("says that the brick is unknown when the port mapper knows no port of it", async () => {
  const { client, ports } = await setup();
  ports.clear();
  await expect(client.connect()).rejects.toEqual(clientError("CLIENT_BRICK_UNKNOWN"));
});

it("is sent on once only, and not from an address that has no port", async () => {
  const { client, serve, mapper } = await setup();
  const { brick } = await serve(49_152);
  brick.programs = () => withDump([mapper]);
  await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
  const portless = await setup("memory://socket");
  await expect(portless.client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
});

it("puts another port into an address", () => {
  expect(mappedAddress("tcp://h:24007", 49_152)).toBe("tcp://h:49152");
  expect(mappedAddress("tls://[::1]:24007", 9)).toBe("tls://[::1]:9");
  expect(mappedAddress("unix:///run/glusterd.socket", 9)).toBeUndefined();
});
