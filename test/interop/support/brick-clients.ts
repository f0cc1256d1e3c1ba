import { type BrickClient, type CallbackEvent, createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import type { MountedBrick } from "./fuse-mount.js";
import type { Scratch } from "./scratch.js";

/** A client of one brick, and the callbacks that it heard, recalls apart. */
export interface ListeningClient extends BrickClient {
  readonly heard: CallbackEvent[];
}

/** Connects our client to a brick, ours or stock. */
export async function connectClient(
  scratch: Scratch,
  brick: MountedBrick,
  pid = 100,
): Promise<ListeningClient> {
  const client = createBrickClient({
    transport: createTcpTransport({}),
    address: `tcp://127.0.0.1:${brick.port}`,
    brick: brick.name,
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: { auth: { pid } },
  });
  scratch.onEnd(() => client.close());
  await client.connect();
  const heard: CallbackEvent[] = [];
  void (async () => {
    for await (const event of client.events()) if (event.type === "callback") heard.push(event);
  })();
  return Object.assign(client, { heard });
}
