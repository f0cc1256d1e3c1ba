import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

function underLease(type: "read" | "read-write", scope: "open" | "data" = "data") {
  const scene = new LeaseScene();
  scene.run(`request A runner ${type} ${scope}`);
  return scene;
}

it("lets the holder's fops pass, and only with its lease-id and from its client", () => {
  const said = underLease("read-write").play(`
    fop w1 runner write under A
    fop w2 runner write
    fop w3 mallory write under A
  `);
  expect(said).toEqual(["w1 proceeds", "w2 blocked", "recall A from runner, until 60000", "w3 blocked"]);
});

it("does not take a lease of another inode for the fop's own", () => {
  const scene = new LeaseScene();
  scene.run("request A runner read data on f");
  scene.run("request B alice read data on g");
  expect(scene.run("fop w1 runner write under A on g")[0]).toBe("w1 blocked");
  expect(scene.run("fop r1 runner read under A epoch 1 on f")).toEqual(["r1 proceeds"]);
  expect(scene.run("fop r2 runner read under A epoch 1 on g")).toEqual(["error LEASE_REVOKED (not-held)"]);
});

it("recalls a read lease for what modifies and for nothing else", () => {
  const said = underLease("read").play(`
    fop r1 bob read
    fop o1 bob openForWrite
    fop s1 bob stat
    fop x1 bob setxattr
  `);
  expect(said).toEqual([
    "r1 proceeds",
    "o1 proceeds",
    "s1 proceeds",
    "x1 blocked",
    "recall A from runner, until 60000",
  ]);
});

it("lets another client's FLUSH and RELEASE pass an exclusive lease", () => {
  expect(
    underLease("read-write").play(`
    fop c1 bob flush
    fop c2 bob release
  `),
  ).toEqual(["c1 proceeds", "c2 proceeds"]);
});

it("answers a nonblocking fop at once, and recalls the lease all the same", () => {
  const scene = underLease("read");
  expect(scene.run("fop w1 bob write nonblocking")).toEqual([
    "w1 would-block",
    "recall A from runner, until 60000",
  ]);
  expect(scene.manager.usage.blockedFops).toBe(0);
  expect(scene.run("unlock A runner")).toEqual(["A unlocked"]);
});

it("holds internal writers back under a data lease, though not under a stock lease", () => {
  expect(underLease("read").run("fop heal shd write internal")[0]).toBe("heal blocked");
  expect(underLease("read-write", "open").run("fop heal shd write internal")).toEqual(["heal proceeds"]);
});

it("takes an all-zero lease-id for none", () => {
  const scene = underLease("read", "open");
  // Under stock rules a read with some other id passes a read lease, and a read without any id does not.
  expect(scene.run("fop r1 bob read under B")).toEqual(["r1 proceeds"]);
  const fop = {
    name: "r3",
    client: "bob",
    gate: "read",
    leaseId: "0".repeat(32),
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  };
  expect(scene.driver.admit(scene.inode(), fop as never)).toBe("blocked");
});

it("resumes blocked fops in the order of their arrival", () => {
  const scene = underLease("read");
  for (const name of ["w1", "w2", "w3"]) scene.run(`fop ${name} ${name} write`);
  expect(scene.run("unlock A runner")).toEqual(["A unlocked", "resume w1", "resume w2", "resume w3"]);
});

it("refuses a fop that carries an epoch, unless that lease is held with that epoch", () => {
  const said = underLease("read").play(`
    fop r1 runner read under A epoch 1
    fop r2 runner read under A epoch 2
    fop r3 runner read epoch 1
    fop r4 bob read under A epoch 1
    unlock A runner
    fop r5 runner read under A epoch 1
  `);
  const refused = "error LEASE_REVOKED (not-held)";
  expect(said).toEqual(["r1 proceeds", refused, refused, refused, "A unlocked", refused]);
});

it("refuses a blocked fop whose own lease ended while it waited for another's", () => {
  const said = new LeaseScene().play(`
    request A runner read data
    request B other read data
    fop w1 runner write under A epoch 1
    unlock A runner
    unlock B other
  `);
  expect(said.slice(2)).toEqual([
    "w1 blocked",
    "recall B from other, until 60000",
    "A unlocked",
    "reject w1: LEASE_REVOKED (not-held)",
    "B unlocked",
  ]);
});

it("lets go of the record of a forgotten inode when the last thing on it is over", () => {
  const scene = underLease("read");
  scene.run("fop r1 bob read");
  scene.manager.forgetInode(scene.inode());
  const inodes = () => scene.manager.usage.inodes;
  scene.manager.forgetInode(scene.inode());
  expect(inodes()).toBe(1);
  const inode = scene.inode();
  scene.driver.unlock(inode, { client: "runner" as never, leaseId: scene.inode().leases[0]?.id as never });
  scene.manager.forgetInode(inode);
  expect(inodes()).toBe(1);
  scene.driver.finish(inode, {
    name: "r1",
    client: "bob" as never,
    gate: "read",
    leaseId: undefined,
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  });
  expect(inodes()).toBe(0);
});

it("fails loudly when a fop is finished twice", () => {
  const scene = new LeaseScene();
  scene.run("fop w1 bob write");
  scene.run("finish w1");
  expect(() => scene.run("finish w1")).toThrow("invariant broken: a fop is finished once");
});

it("refuses a fop that carries an epoch on an inode where nobody holds a lease", () => {
  expect(new LeaseScene().run("fop r1 runner read epoch 1")).toEqual(["error LEASE_REVOKED (not-held)"]);
});

it("holds a read without any lease-id back under a stock lease, which one with another id passes", () => {
  const scene = underLease("read", "open");
  expect(scene.run("fop r1 bob read")[0]).toBe("r1 blocked");
});

it("answers a nonblocking fop also when no other may wait any more", () => {
  const scene = new LeaseScene({ blockedFopsMax: 1 });
  scene.play("request A runner read data\n fop w1 bob write");
  expect(scene.run("fop w2 bob write nonblocking")).toEqual(["w2 would-block"]);
});
