import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

it("makes a holder that asks again wait behind the fops that its lease held up", () => {
  const said = new LeaseScene().play(`
    request A runner read data
    fop w1 bob write
    request B runner read data
    unlock A runner
    fop w2 bob write
    finish w1
  `);
  expect(said).toEqual([
    "grant A to runner, epoch 1",
    "w1 blocked",
    "recall A from runner, until 60000",
    "A unlocked",
    "resume w1",
    "w2 blocked",
    "grant B to runner, epoch 2",
    "recall B from runner, until 60000",
  ]);
});

it("does not let a second read lease slip in beside the first while a writer waits", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A runner read data
    fop w1 bob write
  `);
  expect(scene.run("request B other read data")).toEqual([]);
  expect(scene.run("unlock A runner")).toEqual(["A unlocked", "resume w1"]);
  expect(scene.run("finish w1")).toEqual(["grant B to other, epoch 2"]);
});

it("keeps a reader behind the writer that waits when one of the readers ahead gives its lease back", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A alice read data
    request B bob read data
    fop w1 carol write
    request C dave read data
  `);
  expect(scene.run("unlock A alice")).toEqual(["A unlocked"]);
  expect(scene.run("unlock B bob")).toEqual(["B unlocked", "resume w1"]);
  expect(scene.run("finish w1")).toEqual(["grant C to dave, epoch 3"]);
});

it("resumes the fops ahead of a request, and not yet those behind it", () => {
  const said = new LeaseScene().play(`
    request A alice read data
    fop w1 bob write
    request B runner read data
    fop w2 bob write
    unlock A alice
    finish w1
    unlock B runner
  `);
  expect(said.slice(3)).toEqual([
    "w2 blocked",
    "A unlocked",
    "resume w1",
    "grant B to runner, epoch 2",
    "recall B from runner, until 60000",
    "B unlocked",
    "resume w2",
  ]);
});

it("grants a request although fops never stop coming", () => {
  const scene = new LeaseScene();
  scene.run("fop w0 bob write");
  scene.run("request A runner read data");
  for (let n = 1; n < 20; n += 1) expect(scene.run(`fop w${n} bob write`)).toEqual([`w${n} blocked`]);
  expect(scene.run("finish w0")).toEqual(["grant A to runner, epoch 1", "recall A from runner, until 60000"]);
});

it("recalls a lease at once when it is granted with others waiting for its end", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read-write data
    request C carol read-write data
    unlock A alice
  `);
  expect(said).toEqual([
    "grant A to alice, epoch 1",
    "recall A from alice, until 60000",
    "A unlocked",
    "grant B to bob, epoch 2",
    "recall B from bob, until 60000",
  ]);
});

it("grants the readers at the head of the queue together", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read data
    request C carol read data
    unlock A alice
  `);
  expect(said.slice(2)).toEqual(["A unlocked", "grant B to bob, epoch 2", "grant C to carol, epoch 3"]);
});

it("lets a recalled holder's fops pass those who wait for its end", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read-write data
    fop w1 alice write under A
  `);
  expect(said.at(-1)).toBe("w1 proceeds");
});

it("makes a holder that is not recalled wait behind a request that drains its fops", () => {
  const said = new LeaseScene().play(`
    request A alice read data
    fop w1 alice write under A
    request B bob read data
    fop w2 alice write under A
    finish w1
    unlock B bob
  `);
  expect(said.slice(1)).toEqual([
    "w1 proceeds",
    "w2 blocked",
    "grant B to bob, epoch 2",
    "recall B from bob, until 60000",
    "B unlocked",
    "resume w2",
  ]);
});

it("runs a fop that was sent under a lease before it was granted once it is", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    request A runner read-write data
    fop r1 runner read under A
    finish w1
  `);
  expect(said).toEqual(["w1 proceeds", "r1 blocked", "grant A to runner, epoch 1", "resume r1"]);
});

it("lets a client take its waiting request back by an unlock, and nobody else", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read-write data
    fop r1 carol read
    unlock B mallory
    unlock B bob
    unlock A alice
  `);
  expect(said.slice(2)).toEqual([
    "r1 blocked",
    "error LEASE_NOT_HELD",
    "B withdrawn",
    "refuse B: LEASE_NOT_HELD",
    "A unlocked",
    "resume r1",
  ]);
});

it("ends leases, requests and extents with the inode, and lets blocked fops find it gone", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read data
    fop w1 bob write
    request B bob read data
    remove
    since 1
    finish w1
  `);
  expect(said.slice(3)).toEqual([
    "refuse B: LEASE_INODE_GONE",
    "revoke A of alice: admin",
    "resume w1",
    "unknown",
  ]);
  scene.run("forget");
  expect(scene.manager.usage).toMatchObject({ inodes: 0, leases: 0, trackedInodes: 0 });
});

it("takes back the request that is meant, and no other that waits", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read-write data
    fop r1 carol read
    request B bob read-write data
    request C carol read-write data
    unlock C carol
    unlock A alice
    finish r1
  `);
  expect(said.slice(3)).toEqual([
    "C withdrawn",
    "refuse C: LEASE_NOT_HELD",
    "A unlocked",
    "resume r1",
    "grant B to bob, epoch 2",
  ]);
});

it("keeps the order of grants whichever lease of several ends", () => {
  const scene = new LeaseScene();
  for (const id of ["A", "B", "C", "D"]) scene.run(`request ${id} ${id} read data`);
  const held = () => scene.inode().leases.map(({ client }) => client);
  expect(held()).toEqual(["A", "B", "C", "D"]);
  expect(scene.inode().leaseCount).toBe(4);
  scene.run("unlock B B");
  expect(held()).toEqual(["A", "C", "D"]);
  scene.run("unlock A A");
  expect(held()).toEqual(["C", "D"]);
  scene.run("request E E read data");
  scene.run("unlock D D");
  expect(held()).toEqual(["C", "E"]);
  expect(scene.run("fop w1 bob write").slice(1)).toEqual([
    "recall C from C, until 60000",
    "recall E from E, until 60000",
  ]);
});

it("grants to nobody while one of the fops that run is left, whatever else ends", () => {
  const scene = new LeaseScene();
  scene.play(`
    fop w1 bob write
    fop w2 bob write
    fop r1 bob read
    fop f1 bob flush
    request A runner read-write data
  `);
  for (const name of ["f1", "w2", "r1"]) expect(scene.run(`finish ${name}`)).toEqual([]);
  expect(scene.run("finish w1")).toEqual(["grant A to runner, epoch 1"]);
});

it("lets fops of the holder pass a request that waits behind its recall only", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read data
    request B bob read data
    request C carol read-write data
    fop r1 alice read under A
    fop r2 dave read
  `);
  expect(said.slice(-2)).toEqual(["r1 proceeds", "r2 blocked"]);
  expect(scene.inode().waiting.map(({ kind }) => kind)).toEqual(["request", "fop"]);
});

it("takes all requests back that wait on an inode that goes", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A alice read-write data
    request B bob read data
    fop w1 carol write
    request C carol read data
    remove
  `);
  expect(said.slice(-4)).toEqual([
    "refuse B: LEASE_INODE_GONE",
    "refuse C: LEASE_INODE_GONE",
    "revoke A of alice: admin",
    "resume w1",
  ]);
  expect(scene.manager.usage).toMatchObject({
    queuedRequests: 0,
    blockedFops: 0,
    leases: 0,
    contendedInodes: 0,
  });
  scene.run("finish w1");
  scene.run("forget");
  expect(scene.manager.usage.inodes).toBe(0);
});

it("recalls a lease that is in the way of one of those who wait, though not of the others", () => {
  const said = new LeaseScene().play(`
    request A alice read-write data
    request B bob read data
    request C carol read-write data
    request D dave read data
    unlock A alice
  `);
  expect(said.slice(2)).toEqual(["A unlocked", "grant B to bob, epoch 2", "recall B from bob, until 60000"]);
});

it("lets go of the record of an inode that is gone", () => {
  const scene = new LeaseScene();
  scene.play("request A alice read data\n remove");
  expect(scene.manager.usage.inodes).toBe(0);
});
