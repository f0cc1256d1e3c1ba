import { LeaseCmd, leaseIdFromRandom, LeaseType, xdataOf } from "@brickshift/wire";
import type { FileClient } from "./file-client.js";

/** A client that takes leases, on either brick, and never answers when they are asked back. */
export async function silentHolder(client: FileClient): Promise<void> {
  const { plan, files, random, bricks, isEnding } = client.world;
  for (let count = 0; count < plan.operations && !isEnding(); count += 1) {
    await client.pause();
    const { gfid } = random.pick(files);
    const leaseId = leaseIdFromRandom(random.bytes(15));
    const leaseType = random.pick([LeaseType.read, LeaseType.readWrite]);
    const lease = { cmd: LeaseCmd.set, leaseType, leaseId, leaseFlags: 0 };
    await random
      .pick(bricks.filter((brick) => brick !== undefined))
      .fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) })
      .catch(() => {});
  }
}
