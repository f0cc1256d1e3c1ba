import { randomBytes } from "node:crypto";
import type { World } from "@brickshift/rebalance";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";

const poolBytes = 4_096;

/** Random bytes in small pieces: one call of the system's generator serves hundreds of lease-ids. */
function pooledBytes(): (length: number) => Uint8Array {
  let pool = Buffer.alloc(0);
  return (length) => {
    if (pool.length < length) pool = randomBytes(Math.max(length, poolBytes));
    const bytes = pool.subarray(0, length);
    pool = pool.subarray(length);
    return bytes;
  };
}

/** The machine's clock and chance. */
export const nodeWorld: World = {
  scheduler: nodeScheduler,
  random: { next: () => nodeRandom.next(), bytes: pooledBytes() },
};
