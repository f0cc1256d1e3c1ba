import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

it("refuses a lease of scope open that meets another, and recalls the holders", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    request B bob read open
    request C carol read-write open
  `);
  expect(said.slice(2)).toEqual([
    "refuse C: LEASE_HELD",
    "recall A from alice, until 60000",
    "recall B from bob, until 60000",
  ]);
});

it("refuses every lease of scope open while a recall is in progress", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    request B bob read-write open
    request C carol read open
  `);
  expect(said.slice(1)).toEqual([
    "refuse B: LEASE_HELD",
    "recall A from alice, until 60000",
    "refuse C: LEASE_HELD",
  ]);
});

it("refuses a read lease for another's fd that writes, and a read-write lease for any other fd", () => {
  const scene = new LeaseScene();
  expect(scene.run("request A alice read open fds bob::w")).toEqual(["refuse A: LEASE_HELD"]);
  expect(scene.run("request A alice read-write open fds bob::r")).toEqual(["refuse A: LEASE_HELD"]);
  expect(scene.run("request A alice read-write open fds alice:B:r")).toEqual(["refuse A: LEASE_HELD"]);
  expect(scene.run("request A alice read-write open fds bob:A:r")).toEqual(["refuse A: LEASE_HELD"]);
  expect(scene.run("request A alice read-write open fds alice:A:w")).toEqual(["grant A to alice, epoch 1"]);
});

it("grants a read lease beside other fds that only read", () => {
  expect(new LeaseScene().run("request A alice read open fds bob::r")).toEqual(["grant A to alice, epoch 1"]);
});

it("does not ask for open fds when the scope is data", () => {
  expect(new LeaseScene().run("request A alice read-write data fds bob::w")).toEqual([
    "grant A to alice, epoch 1",
  ]);
});

it("does not queue a lease of scope open behind others that wait", () => {
  const said = new LeaseScene().play(`
    request A alice read data
    fop w1 bob write
    request B bob read open
  `);
  expect(said.at(-1)).toBe("refuse B: LEASE_HELD");
});

it("does not queue a lease of scope open behind a request that waits for running fops", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    request A runner read data
    request B bob read open
  `);
  expect(said).toEqual(["w1 proceeds", "refuse B: LEASE_HELD"]);
});

it("does not recall a read lease of scope data for a read lease that was refused for an fd", () => {
  const said = new LeaseScene().play(`
    request A runner read data
    request B alice read open fds bob::w
  `);
  expect(said.slice(1)).toEqual(["refuse B: LEASE_HELD"]);
});

it("counts what one lease-id was granted, keeps its epoch, and ends it with the last unlock", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read open
    request A alice read open
    request A alice read-write open
  `);
  expect(said).toEqual(Array.from({ length: 3 }, () => "grant A to alice, epoch 1"));
  expect([...scene.manager.heldTypes(scene.inode())]).toEqual(["read", "read-write"]);
  scene.play(`
    unlock A alice read-write
    unlock A alice read
  `);
  expect([...scene.manager.heldTypes(scene.inode())]).toEqual(["read"]);
  expect(scene.run("unlock A alice read-write")).toEqual(["error LEASE_NOT_HELD"]);
  scene.run("unlock A alice read");
  expect(scene.manager.usage.leases).toBe(0);
});

it("gives everything of a lease-id back when the unlock names no type", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A alice read open
    request A alice read-write open
    unlock A alice
  `);
  expect(scene.manager.usage.leases).toBe(0);
});

it("lets the readers go on when a holder steps down from read-write to read", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read open
    request A alice read-write open
    fop r1 bob read under B
    unlock A alice read-write
  `);
  expect(said.slice(2)).toEqual([
    "r1 blocked",
    "recall A from alice, until 60000",
    "A unlocked",
    "resume r1",
  ]);
});

it("refuses to strengthen a lease while fops run that a new one would drain", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read open
    fop r1 bob read under B
    request A alice read-write open
  `);
  expect(said[2]).toBe("refuse A: LEASE_HELD");
});

it("recalls even the holder's own lease for its UNLINK and its RENAME", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    fop u1 alice unlink under A
    fop n1 alice rename under A
    unlock A alice
  `);
  expect(said.slice(1)).toEqual([
    "u1 blocked",
    "recall A from alice, until 60000",
    "n1 blocked",
    "A unlocked",
    "resume u1",
    "resume n1",
  ]);
});

it("ends a lease-id when all of its types are given back, and no sooner", () => {
  const scene = new LeaseScene();
  scene.play("request A alice read open\n request A alice read-write open\n unlock A alice read");
  expect([...scene.manager.heldTypes(scene.inode())]).toEqual(["read-write"]);
  expect(scene.run("unlock A alice read")).toEqual(["error LEASE_NOT_HELD"]);
  expect(scene.manager.usage.leases).toBe(1);
  expect(scene.run("unlock A alice read-write")).toEqual(["A unlocked"]);
  expect(scene.manager.usage.leases).toBe(0);
});

it("counts more of the same on a lease-id while fops run, since that drains none", () => {
  const reader = new LeaseScene();
  reader.play("request A alice read open\n fop r1 bob read under B\n fop w1 alice write under A");
  expect(reader.run("request A alice read open")).toEqual(["grant A to alice, epoch 1"]);
  const writer = new LeaseScene();
  writer.play("request A alice read-write open\n fop w1 alice write under A");
  expect(writer.run("request A alice read-write open")).toEqual(["grant A to alice, epoch 1"]);
});

it("recalls the leases of scope open when one is refused for an fd, whatever their types", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    request B bob read open fds carol::w
  `);
  expect(said.slice(1)).toEqual(["refuse B: LEASE_HELD", "recall A from alice, until 60000"]);
});
