import {
  type Dict,
  type Epoch,
  getXdata,
  type Gfid,
  type LeaseId,
  leaseIdFromRandom,
  LeaseCmd,
  LeaseType,
  xdataOf,
} from "@brickshift/wire";
import type { TestAuth, TestClient } from "./test-brick.js";

let leases = 0;

/** A lease-id that no other call gave. */
export function newLeaseId(): LeaseId {
  leases += 1;
  const random = new Uint8Array(15).fill(7);
  new DataView(random.buffer).setUint32(0, leases + 0x01010101);
  return leaseIdFromRandom(random);
}

/** Asks for a lease; the promise resolves when the brick answers. */
export async function setLease(
  client: TestClient,
  gfid: Gfid,
  leaseType: number,
  options: {
    leaseId?: LeaseId;
    scope?: "data" | "open";
    dirtySince?: Epoch | undefined;
    /** What else to ask for. */
    more?: Dict;
    auth?: Partial<TestAuth>;
  } = {},
) {
  const { leaseId = newLeaseId(), scope = "data", dirtySince, more = null, auth } = options;
  const xdata = xdataOf({ leaseScope: scope, ...(dirtySince !== undefined && { dirtySince }) }, more);
  const lease = { cmd: LeaseCmd.set, leaseType, leaseId, leaseFlags: 0 };
  const reply = await client.call("lease", { gfid, lease, xdata }, auth);
  return {
    leaseId,
    reply,
    epoch: getXdata(reply.xdata, "leaseEpoch") ?? (0n as Epoch),
    dirty: getXdata(reply.xdata, "dirtyExtents"),
  };
}

/** A lease that is granted at once. */
export async function leased(
  client: TestClient,
  gfid: Gfid,
  type: "read" | "read-write" = "read",
  dirtySince?: Epoch,
) {
  const leaseType = type === "read" ? LeaseType.read : LeaseType.readWrite;
  const answer = await setLease(client, gfid, leaseType, { dirtySince });
  if (answer.reply.opRet !== 0) throw new Error(`LEASE was refused with ${answer.reply.opErrno}`);
  return answer;
}

export function unlock(client: TestClient, gfid: Gfid, leaseId: LeaseId, leaseType: number = LeaseType.none) {
  const lease = { cmd: LeaseCmd.unlock, leaseType, leaseId, leaseFlags: 0 };
  return client.call("lease", { gfid, lease, xdata: null });
}

export function heldTypes(client: TestClient, gfid: Gfid) {
  const lease = { cmd: LeaseCmd.get, leaseType: 0, leaseId: newLeaseId(), leaseFlags: 0 };
  return client.call("lease", { gfid, lease, xdata: null });
}
