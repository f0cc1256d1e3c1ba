import { createLeaseManager } from "@brickshift/lease-manager";
import type { Epoch, Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import type { GatePass } from "../../src/gate/gate-pass.js";
import type { LeaseAsk } from "../../src/gate/lease-ask.js";
import { InodeTable } from "../../src/server/inode-table.js";

const gfid = "00000000-0000-0000-0000-00000000000a" as Gfid;

function setUp() {
  const manager = createLeaseManager<GatePass, LeaseAsk>({}, 1n as Epoch);
  return { manager, table: new InodeTable(manager) };
}

it("holds an inode as long as somebody uses it, and no lease record longer", () => {
  const { manager, table } = setUp();
  const inode = table.use(gfid);
  expect(table.use(gfid)).toBe(inode);
  table.unuse(inode);
  expect([table.size, manager.usage.inodes]).toEqual([1, 1]);
  table.unuse(inode);
  expect([table.size, manager.usage.inodes]).toEqual([0, 0]);
  expect(() => table.unuse(inode)).toThrow("a use ends once");
});

it("leaves users of an inode that is gone with the record that a new one of its gfid has", () => {
  const { manager, table } = setUp();
  const inode = table.use(gfid);
  table.removed(gfid, ({ leases }) => manager.removeInode(leases, 0));
  expect(manager.inode(gfid)).toBe(inode.leases);
  table.unuse(inode);
  expect(manager.usage.inodes).toBe(0);
});
