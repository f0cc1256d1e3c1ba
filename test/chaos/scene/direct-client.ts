import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import { patientOptions } from "../clients/patient-options.js";
import type { BrickProcess } from "../processes/brick-process.js";

const transport = createTcpTransport();

/** A client of a brick as it runs now, past all relays. The caller closes it. */
export async function directClient({ name, port }: BrickProcess): Promise<BrickClient> {
  const client = createBrickClient({
    transport,
    address: `tcp://127.0.0.1:${port}`,
    brick: name,
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: patientOptions,
  });
  await client.connect();
  return client;
}
