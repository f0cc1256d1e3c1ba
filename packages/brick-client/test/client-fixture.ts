import type { Transport } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import type { Random } from "@brickshift/rpc";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { parseGfid } from "@brickshift/wire";
import { expect } from "vitest";
import { type BrickClientOptionsInput, createBrickClient } from "../src/index.js";
import { fakeBrick } from "./fake-brick.js";

/** The file that a test's fops are about. */
export const file = parseGfid("12345678-1234-4234-8234-123456789abc");

/** What equals any error of the client itself that has this code. */
export const clientError = (code: string) => expect.objectContaining({ tag: "ClientError", code }) as unknown;

/** A client of a fake brick that listens on the memory transport. */
export async function setup(options: BrickClientOptionsInput = {}, random: Random = seededRandom(1)) {
  const scheduler = new ManualScheduler();
  const transport: Transport = createMemoryTransport();
  const { brick, accept } = fakeBrick();
  const listener = await transport.listen("memory://brick", (connection) => accept(connection, scheduler));
  const client = createBrickClient({
    transport,
    address: "memory://brick",
    brick: "/bricks/b0",
    scheduler,
    random,
    options: { pingTimeoutMs: 0, reconnect: { delayMinMs: 100 }, ...options },
  });
  return { client, brick, scheduler, listener, transport };
}

/** Lets everything run that is ready to, without any clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
