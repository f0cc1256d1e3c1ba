import { createBrickServer, createMemoryStore } from "@brickshift/brick";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { gfidValue, OpenFlags, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { createBrickClient } from "../src/index.js";

const gfid = parseGfid("12345678-1234-4234-8234-123456789abc");
const fileBytes = 16 * 1_024 * 1_024;

/** A client with one file open on a brick in memory, both in this thread. */
export async function openBench() {
  const transport = createMemoryTransport();
  const bricks = [{ name: "b0", store: createMemoryStore() }];
  const server = await createBrickServer({ bricks, scheduler: nodeScheduler });
  await transport.listen("memory://b0", (connection) => server.accept(connection));
  const ports = { transport, scheduler: nodeScheduler, random: nodeRandom };
  const client = createBrickClient({ ...ports, address: "memory://b0", brick: "b0" });
  await client.connect();
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  const flags = OpenFlags.rdwr;
  const { fd } = await client.fops.create({ pargfid: ROOT_GFID, flags, mode: 0o100644, bname: "f", xdata });
  const payload = new Uint8Array(1_024 * 1_024);
  for (let offset = 0; offset < fileBytes; offset += payload.length) {
    await client.fops.write({ gfid, fd, offset, payload });
  }
  const fops = {
    stat: () => client.fops.fstat({ gfid, fd }),
    read: async (size: number, index: number) => {
      const reply = await client.fops.read({ gfid, fd, offset: (index * size) % fileBytes, size });
      reply.release();
    },
    write: (size: number, index: number) =>
      client.fops.write({ gfid, fd, offset: (index * size) % fileBytes, payload: payload.subarray(0, size) }),
  };
  return { fops, close: async () => void (await Promise.all([client.close(), server.close()])) };
}

/** Makes `count` fops, 16 at once. @returns fops per second. */
export async function fopsPerSecond(
  count: number,
  fop: (index: number) => Promise<unknown>,
): Promise<number> {
  const each = Math.ceil(count / 16);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: 16 }, async (_, caller) => {
      for (let made = 0; made < each; made += 1) await fop(made * 16 + caller);
    }),
  );
  return (each * 16 * 1_000) / (performance.now() - startMs);
}
