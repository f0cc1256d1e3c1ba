import type { ClientUid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

it("revokes the leases of a client that is gone, on all inodes, before it resumes others", () => {
  const said = new LeaseScene().play(`
    request A runner read data on f
    request B runner read-write data on g
    fop w1 bob write on f
    fop r1 bob read on g
    disconnect runner
  `);
  expect(said.slice(-4)).toEqual([
    "revoke A of runner: disconnect",
    "revoke B of runner: disconnect",
    "resume w1",
    "resume r1",
  ]);
});

it("drops the blocked fops and the requests of a client that is gone, and resumes those behind them", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    fop w0 alice write
    request A bob read data
    fop w1 bob write
    fop w2 carol write
    disconnect bob
  `);
  expect(said.slice(-3)).toEqual(["withdraw A", "drop w1", "resume w2"]);
  expect(scene.manager.usage).toMatchObject({ leases: 0, blockedFops: 0, queuedRequests: 0, clients: 0 });
});

it("leaves the lease-ids of a client that is gone free for others", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read-write data
    disconnect bob
    disconnect alice
    request B carol read data
  `);
  expect(said.at(-1)).toBe("grant B to carol, epoch 2");
});

it("waits for the fops of a client that is gone as long as they run", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    disconnect bob
    request A runner read data
    finish w1
  `);
  expect(said).toEqual(["w1 proceeds", "grant A to runner, epoch 1"]);
});

it("has nothing to do for a client that it never met", () => {
  expect(new LeaseScene().run("disconnect nobody")).toEqual([]);
});

it("finds the leases of an inode also after a fop ended on a record of it that was given up", () => {
  const scene = new LeaseScene();
  const givenUp = scene.inode();
  const flush = {
    name: "flush",
    client: "alice" as ClientUid,
    gate: "flush",
    leaseId: undefined,
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  } as const;
  scene.driver.admit(givenUp, flush);
  scene.play("remove\n request A runner read data");
  scene.driver.finish(givenUp, flush);
  expect(scene.run("disconnect runner")).toEqual(["revoke A of runner: disconnect"]);
});

it("drops a fop that waited on through the end of one of the leases in its way", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read data
    request B bob read data
    fop w1 carol write
    unlock A alice
    disconnect carol
  `);
  expect(said.slice(-2)).toEqual(["A unlocked", "drop w1"]);
  expect(scene.manager.usage).toMatchObject({ blockedFops: 0, contendedInodes: 0 });
});

it("drops what waits on several inodes, and leaves what others have there", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read-write data on f
    request B alice read-write data on g
    fop r1 bob read on f
    fop r2 carol read on f
    request C bob read data on g
    request D carol read data on g
    disconnect bob
  `);
  expect(said.slice(-2)).toEqual(["drop r1", "withdraw C"]);
  expect(scene.manager.usage).toMatchObject({
    blockedFops: 1,
    queuedRequests: 1,
    contendedInodes: 2,
    leases: 3,
  });
  expect(scene.play("unlock A alice on f\n unlock B alice on g")).toEqual([
    "A unlocked",
    "resume r2",
    "B unlocked",
    "grant D to carol, epoch 3",
  ]);
  expect(scene.manager.usage.contendedInodes).toBe(0);
});

it("does not revoke what the client only asked for", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read-write data
    request B bob read-write data
    disconnect bob
    unlock A alice
  `);
  expect(said.slice(-2)).toEqual(["withdraw B", "A unlocked"]);
});
