import { randomBytes } from "node:crypto";
import type { World } from "@brickshift/rebalance";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";

/** The machine's clock and chance. */
export const nodeWorld: World = {
  scheduler: nodeScheduler,
  random: { next: () => nodeRandom.next(), bytes: (length) => randomBytes(length) },
};
