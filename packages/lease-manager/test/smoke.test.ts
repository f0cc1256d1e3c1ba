import type { ClientUid, Epoch, Gfid, LeaseId } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createLeaseManager } from "../src/index.js";

it("grants, recalls, resumes", () => {
  const manager = createLeaseManager({}, (1n << 32n) as Epoch);
  const inode = manager.inode("g" as Gfid);
  manager.request(
    inode,
    { client: "a" as ClientUid, leaseId: "1".repeat(32) as LeaseId, type: "read", scope: "data" },
    0,
  );
  const w = {
    client: "b" as ClientUid,
    gate: "write",
    leaseId: undefined,
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  } as const;
  expect(manager.admit(inode, w, 1)).toBe("blocked");
  manager.tick(60_001);
  manager.finish(inode, w, 60_002);
  expect(manager.takeEffects().map((e) => e.type)).toEqual(["grant", "recall", "revoke", "resume"]);
});
