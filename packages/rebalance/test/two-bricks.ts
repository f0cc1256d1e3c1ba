import {
  type BrickServerOptionsInput,
  createBrickServer,
  createMemoryStore,
  MemoryMedium,
} from "@brickshift/brick";
import { type BrickClient, type BrickClientOptionsInput, createBrickClient } from "@brickshift/brick-client";
import { seededRandom } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  ANONYMOUS_FD,
  bytesValue,
  FileType,
  type Gfid,
  gfidValue,
  NULL_GFID,
  parseGfid,
  ROOT_GFID,
} from "@brickshift/wire";
import { createRebalance, type RebalanceOptionsInput } from "../src/index.js";

/** The real clock. */
export const nodeScheduler = {
  nowMs: () => performance.now(),
  at: (atMs: number, run: () => void) => {
    const timer = setTimeout(run, Math.min(0x7fff_ffff, Math.max(0, Math.ceil(atMs - performance.now()))));
    return () => clearTimeout(timer);
  },
};

export const random = seededRandom(7);

let gfids = 0;
export function newGfid(): Gfid {
  gfids += 1;
  return parseGfid(`bbbbbbbb-0000-4000-8000-${gfids.toString(16).padStart(12, "0")}`);
}

/** Source "b0" and destination "b1" in this process, real bricks over memory. */
export async function twoBricks(
  options: BrickServerOptionsInput = {},
  destinationStore: { readonly roomBytesMax?: number } = {},
  subvolumes: { readonly b0?: string; readonly b1?: string } = {},
) {
  const transport = createMemoryTransport();
  const media = { b0: new MemoryMedium(), b1: new MemoryMedium() };
  const start = async (name: "b0" | "b1") => {
    const store = createMemoryStore(media[name], name === "b1" ? destinationStore : {});
    const subvolume = subvolumes[name];
    const bricks = [{ name, store, ...(subvolume !== undefined && { subvolume }) }];
    const server = await createBrickServer({ bricks, scheduler: nodeScheduler, options });
    const listener = await transport.listen(`memory://${name}`, (connection) => server.accept(connection));
    const stop = async () => {
      await listener.close();
      await server.close();
    };
    return { server, store, stop };
  };
  const servers = { b0: await start("b0"), b1: await start("b1") };
  const clients: BrickClient[] = [];

  async function connect(
    brick: "b0" | "b1",
    clientOptions: BrickClientOptionsInput = {},
  ): Promise<BrickClient> {
    const client = createBrickClient({
      transport,
      address: `memory://${brick}`,
      brick,
      scheduler: nodeScheduler,
      random,
      options: { pingTimeoutMs: 0, reconnect: { delayMinMs: 1, delayMaxMs: 5 }, ...clientOptions },
    });
    await client.connect();
    clients.push(client);
    return client;
  }

  /** Ends the process of a brick and starts it again, on what `meanwhile` leaves of its medium. */
  async function restart(name: "b0" | "b1", meanwhile: () => void): Promise<void> {
    await servers[name].stop();
    await servers[name].store.close();
    meanwhile();
    servers[name] = await start(name);
  }

  async function close(): Promise<void> {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([servers.b0.stop(), servers.b1.stop()]);
  }
  const source = await connect("b0");
  const destination = await connect("b1");
  return { transport, media, servers, connect, source, destination, restart, close };
}

export function rebalance(options: RebalanceOptionsInput = {}) {
  return createRebalance(
    {
      stepPauseMs: 1,
      copy: { chunkBytes: 4_096, chunkBytesMax: 16_384, backoffMs: 1, backoffMaxMs: 5 },
      smallFileBytesMax: 4_096,
      // Off, so that tests meet every step on its own, but where whole files are what they are about.
      wholeFileBytesMax: 0,
      ...options,
    },
    { scheduler: nodeScheduler, random },
  );
}

export interface NewFile {
  readonly parent?: Gfid;
  readonly mode?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Makes a file with content. */
export async function makeFile(
  client: BrickClient,
  bname: string,
  content: Uint8Array,
  { parent = ROOT_GFID, mode = 0o640, xattrs = {} }: NewFile = {},
): Promise<Gfid> {
  const gfid = newGfid();
  const xdata = new Map([
    ["gfid-req", gfidValue(gfid)] as const,
    ...Object.entries(xattrs).map(([key, value]) => [key, bytesValue(Buffer.from(value))] as const),
  ]);
  await client.fops.mknod({ pargfid: parent, bname, dev: 0n, mode: FileType.regular | mode, xdata });
  for (let offset = 0; offset < content.length; offset += 1_048_576) {
    const payload = content.subarray(offset, offset + 1_048_576);
    await client.fops.write({ gfid, fd: ANONYMOUS_FD, offset, payload });
  }
  return gfid;
}

export async function makeDirectory(client: BrickClient, bname: string, parent = ROOT_GFID): Promise<Gfid> {
  const gfid = newGfid();
  await client.fops.mkdir({
    pargfid: parent,
    bname,
    mode: 0o750,
    xdata: new Map([["gfid-req", gfidValue(gfid)]]),
  });
  return gfid;
}

export async function readAll(client: BrickClient, gfid: Gfid): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const { payload, stat } = await client.fops.read({ gfid, fd: ANONYMOUS_FD, offset, size: 65_536 });
    chunks.push(Buffer.from(payload));
    offset += payload.length;
    if (offset >= stat.size || payload.length === 0) return Buffer.concat(chunks);
  }
}

export async function statByName(client: BrickClient, bname: string, pargfid: Gfid = ROOT_GFID) {
  const { prestat } = await client.fops.lookup({ gfid: NULL_GFID, pargfid, flags: 0, bname });
  return prestat;
}
