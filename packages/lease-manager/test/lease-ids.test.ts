import type { ClientUid, Epoch, Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { FIRST_EPOCH, leaseIdOf, LeaseScene } from "./lease-scene.js";

it("refuses an all-zero lease-id, to ask and to unlock", () => {
  const said = new LeaseScene().play(`
    request zero alice read data
    unlock zero alice
  `);
  expect(said).toEqual(["error LEASE_ID_INVALID", "error LEASE_ID_INVALID"]);
});

it("refuses a lease-id that stands for a lease of another client, of another inode, or of scope data", () => {
  const said = new LeaseScene().play(`
    request A alice read data
    request A bob read data
    request A alice read data on g
    request A alice read data
    request A alice read open
  `);
  expect(said.slice(1)).toEqual(Array.from({ length: 4 }, () => "error LEASE_ID_IN_USE"));
});

it("refuses a stock lease-id of another client or of another inode too", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    request A bob read open
    request A alice read open on g
    request A alice read data
  `);
  expect(said.slice(1)).toEqual(Array.from({ length: 3 }, () => "error LEASE_ID_IN_USE"));
});

it("refuses a lease-id that is being asked for already", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read-write data
    request B bob read-write data
    request B carol read-write data on g
  `);
  expect(said.slice(2)).toEqual(["error LEASE_ID_IN_USE", "error LEASE_ID_IN_USE"]);
});

it("frees a lease-id with its lease", () => {
  const said = new LeaseScene().play(`
    request A alice read data
    unlock A alice
    request A bob read data on g
  `);
  expect(said.at(-1)).toBe("grant A to bob, epoch 2");
});

it("refuses an unlock by anyone but the owner, or on another inode, and keeps the lease", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read data
    unlock A bob
    unlock A alice on g
    unlock A alice read-write
  `);
  expect(said.slice(1)).toEqual(["error LEASE_NOT_HELD", "error LEASE_NOT_HELD", "error LEASE_NOT_HELD"]);
  expect(scene.inode().leases).toHaveLength(1);
});

it("numbers grants from the first epoch on, over all inodes", () => {
  const scene = new LeaseScene();
  expect(scene.manager.currentEpoch).toBe(FIRST_EPOCH);
  scene.play(`
    request A alice read data on f
    request B alice read data on g
  `);
  expect(scene.manager.currentEpoch).toBe(FIRST_EPOCH + 2n);
});

it("knows an exclusive lease by inode, client, id and epoch, and only while it is held", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  const exclusive = (inode: string, client: string, id: string, epoch: bigint) =>
    scene.manager.holdsExclusive(
      inode as Gfid,
      client as ClientUid,
      leaseIdOf(id),
      (FIRST_EPOCH + epoch) as Epoch,
    );
  scene.play(`
    request R runner read data on g
    request S runner read-write open on h
    request A runner read-write data
  `);
  expect(exclusive("f", "runner", "A", 3n)).toBe(true);
  expect(exclusive("g", "runner", "A", 3n)).toBe(false);
  expect(exclusive("f", "bob", "A", 3n)).toBe(false);
  expect(exclusive("f", "runner", "B", 3n)).toBe(false);
  expect(exclusive("f", "runner", "A", 2n)).toBe(false);
  expect(exclusive("g", "runner", "R", 1n)).toBe(false);
  expect(exclusive("h", "runner", "S", 2n)).toBe(false);
  scene.run("fop r1 bob read");
  expect(exclusive("f", "runner", "A", 3n)).toBe(true);
  scene.run("advance 50");
  expect(exclusive("f", "runner", "A", 3n)).toBe(false);
});

it("does not take a request that waits for an exclusive lease", () => {
  const scene = new LeaseScene();
  scene.play(`
    fop r1 bob read
    request A runner read-write data
  `);
  const held = scene.manager.holdsExclusive("f" as Gfid, "runner" as ClientUid, leaseIdOf("A"), 0n as Epoch);
  expect(held).toBe(false);
});
