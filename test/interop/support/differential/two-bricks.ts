import { createBrickServer, createMemoryStore } from "@brickshift/brick";
import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import type { Scratch } from "../scratch.js";
import { startStockBrick } from "../stock-brick.js";

/** A brick as the comparison reaches it. */
export interface ComparedBrick {
  /** Two clients of their own. */
  connect(): Promise<readonly BrickClient[]>;
}

const PATIENCE_MS = 400_000;
const transport = createTcpTransport();

function brickAt(port: number, brick: string): ComparedBrick {
  return {
    async connect() {
      const clients = [0, 1].map((index) =>
        createBrickClient({
          transport,
          address: `tcp://127.0.0.1:${port}`,
          brick,
          scheduler: nodeScheduler,
          random: nodeRandom,
          options: {
            processName: `client-${index}`,
            whileDown: "fail",
            auth: { pid: 4_000 + index },
            // However slow the machine: what differs by time is no difference of the bricks.
            pingTimeoutMs: 0,
            reconnect: { attemptTimeoutMs: PATIENCE_MS },
          },
        }),
      );
      await Promise.all(clients.map((client) => client.connect()));
      return clients;
    },
  };
}

/** A stock brick. */
export async function stockBrick(scratch: Scratch, name = "stock"): Promise<ComparedBrick> {
  const { port } = await startStockBrick(scratch, { name });
  return brickAt(port, name);
}

/** A brick of ours in this process, over TCP, with its files in memory. */
export async function ourBrick(
  scratch: Scratch,
  options: { readonly locksPerInodeMax?: number } = {},
): Promise<ComparedBrick> {
  const store = createMemoryStore();
  const bricks = [{ name: "ours", store }];
  const server = await createBrickServer({ bricks, scheduler: nodeScheduler, options });
  const listener = await transport.listen("tcp://127.0.0.1:0", (connection) => server.accept(connection));
  scratch.onEnd(async () => {
    await listener.close();
    await server.close();
    await store.close();
  });
  return brickAt(Number(new URL(listener.address).port), "ours");
}
