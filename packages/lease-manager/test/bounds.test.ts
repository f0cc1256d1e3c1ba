import { ManualScheduler } from "@brickshift/testkit";
import type { ClientUid, Gfid, LeaseScope } from "@brickshift/wire";
import { expect, it } from "vitest";
import { ZodError } from "zod";
import {
  createLeaseManager,
  driveLeases,
  leaseOptions,
  type LeaseOptionsInput,
  type LeaseType,
} from "../src/index.js";
import { FIRST_EPOCH, leaseIdOf, LeaseScene } from "./lease-scene.js";

/** Plays `script`, then one more `line`, which must be refused with `code` and change nothing. */
function refusesOneMore(options: LeaseOptionsInput, script: string, line: string, code: string) {
  const scene = new LeaseScene(options);
  scene.play(script);
  // To name an inode makes its record, which is not what is asked here.
  const { inodes: _, ...before } = scene.manager.usage;
  expect(scene.run(line)).toEqual([`error ${code}`]);
  expect(scene.manager.usage).toMatchObject(before);
}

it("bounds the fops blocked on one inode", () => {
  const script = `
    request A alice read data
    fop w1 bob write
  `;
  refusesOneMore({ blockedFopsMax: 1 }, script, "fop w2 bob write", "LEASE_BACKLOG_FULL");
});

it("bounds the fops blocked on the brick", () => {
  const script = `
    request A alice read data on f
    request B alice read data on g
    fop w1 bob write on f
  `;
  refusesOneMore({ blockedFopsTotalMax: 1 }, script, "fop w2 bob write on g", "LEASE_BACKLOG_FULL");
});

it("counts requests apart from blocked fops", () => {
  const scene = new LeaseScene({ blockedFopsMax: 1, queuedRequestsMax: 1 });
  scene.play(`
    request A alice read-write data
    request B bob read data
  `);
  expect(scene.run("fop w1 bob write")).toEqual(["w1 blocked"]);
});

it("bounds the lease requests that wait", () => {
  const script = `
    request A alice read-write data
    request B bob read data
  `;
  refusesOneMore({ queuedRequestsMax: 1 }, script, "request C carol read data", "LEASE_BACKLOG_FULL");
});

it("bounds the leases of the brick, those asked for included", () => {
  const script = `
    request A alice read-write data
    request B bob read data
  `;
  refusesOneMore({ leasesMax: 2 }, script, "request C carol read data on g", "LEASE_LIMIT");
});

it("bounds the leases of one inode, those asked for included", () => {
  const script = `
    request A alice read-write data
    fop w1 bob write
    request B bob read data
  `;
  refusesOneMore({ leasesPerInodeMax: 2 }, script, "request C carol read data", "LEASE_LIMIT");
});

it("bounds the grants of one start, so that no epoch comes twice", () => {
  const script = `
    request A alice read data
    unlock A alice
    request B alice read data
  `;
  refusesOneMore({ grantsMax: 2 }, script, "request C carol read data on g", "LEASE_LIMIT");
});

it("counts requests that wait among the grants to come", () => {
  const script = `
    request A alice read-write data
    request B bob read data
  `;
  refusesOneMore({ grantsMax: 2 }, script, "request C carol read data on g", "LEASE_LIMIT");
});

it("bounds the inode records", () => {
  refusesOneMore({ inodesMax: 1 }, "request A alice read data on f", "fop r1 bob read on g", "LEASE_LIMIT");
});

it("gives the place of whatever has ended to others", () => {
  const scene = new LeaseScene({
    blockedFopsMax: 1,
    blockedFopsTotalMax: 1,
    leasesMax: 1,
    queuedRequestsMax: 1,
  });
  for (let n = 0; n < 3; n += 1) {
    const said = scene.play(`
      request A runner read data
      fop w1 bob write
      unlock A runner
      finish w1
    `);
    expect(said).toHaveLength(5);
  }
});

it("changes nothing when it throws", () => {
  const script = `
    request A alice read data
    fop w1 bob write
  `;
  const scene = new LeaseScene({ blockedFopsMax: 1 });
  scene.play(script);
  const deadlineMs = scene.manager.deadlineMs;
  scene.run("fop w2 bob write");
  scene.run("fop r9 alice read under A epoch 9");
  expect(scene.manager.takeEffects()).toEqual([]);
  expect(scene.manager.deadlineMs).toBe(deadlineMs);
  expect(scene.run("unlock A alice")).toEqual(["A unlocked", "resume w1"]);
});

it("refuses options that are out of range or unknown", () => {
  for (const options of [
    { recallTimeoutMs: 0 },
    { recallTimeoutMs: "never" },
    { extentsMax: 1 },
    { leasesMax: 1e9 },
    { grantsMax: 2 ** 32 },
    { leasesMx: 5 },
  ]) {
    expect(() => createLeaseManager(options as LeaseOptionsInput, FIRST_EPOCH)).toThrow(ZodError);
  }
});

it("takes the defaults also when they are named", () => {
  const defaults = leaseOptions.parse({});
  expect(leaseOptions.parse(defaults)).toEqual(defaults);
});

it("has a default for every option", () => {
  expect(leaseOptions.parse({})).toMatchInlineSnapshot(`
    {
      "blockedFopsMax": 1024,
      "blockedFopsTotalMax": 65536,
      "deadLeases": "refused",
      "deadLeasesMax": 1024,
      "extentsMax": 16384,
      "extentsTotalMax": 1048576,
      "grantsMax": 4294967295,
      "inodesMax": 8388608,
      "leasesMax": 4194304,
      "leasesPerInodeMax": 1024,
      "queuedRequestsMax": 65536,
      "recallCapMs": 60000,
      "recallProgressMs": 1000,
      "recallTimeoutMs": 60000,
      "trackedInodesMax": 4096,
    }
  `);
});

it.each([
  [{ blockedFopsMax: 1 }, "fop w1 bob write\n fop w2 bob write", "1 fops wait on f"],
  [{ blockedFopsTotalMax: 1 }, "fop w1 bob write\n fop w2 bob write", "1 fops wait on the brick"],
  [{ queuedRequestsMax: 1 }, "request B b read-write data\n request C c read data", "1 lease requests wait"],
  [{ leasesPerInodeMax: 1 }, "request B b read data", "1 leases on f"],
  [{ leasesMax: 1 }, "request B b read data on g", "1 leases on the brick"],
  [{ grantsMax: 1 }, "request B b read data on g", "1 leases granted since the start"],
  [{ inodesMax: 1 }, "request B b read data on g", "1 inode records exist"],
  [{}, "request A b read data", "leaseIdA stands for a lease of f"],
  [{}, "unlock A b", "leaseIdA is another client's"],
  [{}, "unlock A a on g", "leaseIdA is of f"],
  [{}, "unlock A a read-write", "no read-write lease"],
  [{}, "unlock zero a", "the lease-id is all zero"],
  [{}, "request zero a read data", "the lease-id is all zero"],
  [{}, "fop r1 a read epoch 9", "lease without an id: not-held"],
  [{}, "revoke\n fop r1 a read under A", "lease leaseIdA: admin"],
  [{}, "revoke\n request A a read data", "lease leaseIdA: admin"],
] as const)("says what is wrong, with %o after %j", (options, script, message) => {
  const scene = new LeaseScene(options);
  scene.run("request A a read data");
  scene.play(script);
  expect(scene.lastMessage).toContain(message.replace("leaseIdA", leaseIdOf("A")));
});

it("says why a request is refused", () => {
  const messages: string[] = [];
  const driver = driveLeases({}, FIRST_EPOCH, new ManualScheduler(), (effect) => {
    if (effect.type === "refuse") messages.push(effect.error.message);
  });
  const inode = driver.manager.inode("f" as Gfid);
  const ask = (name: string, type: LeaseType, scope: LeaseScope) =>
    driver.request(inode, { client: name as ClientUid, leaseId: leaseIdOf(name), type, scope });
  ask("A", "read-write", "data");
  ask("B", "read", "open");
  ask("C", "read", "data");
  driver.unlock(inode, { client: "C" as ClientUid, leaseId: leaseIdOf("C") });
  ask("D", "read", "data");
  driver.removeInode(inode);
  expect(messages.map((text) => text.slice(text.indexOf(": ") + 2))).toEqual([
    "1 leases on f",
    `the request for ${leaseIdOf("C")} was taken back`,
    "f is gone",
  ]);
});

it("counts what is in use", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  expect(Object.values(scene.manager.usage).every((count) => count === 0)).toBe(true);
  scene.play(`
    request A alice read data on f
    request B bob read data on f
    request C carol read open on g
    fop w1 dave write on f
    fop w2 dave write on g
    request D dave read data on f
    request E erin read data on h
    revoke on h
  `);
  expect(scene.manager.usage).toEqual({
    inodes: 3,
    leases: 4,
    clients: 5,
    blockedFops: 2,
    queuedRequests: 1,
    contendedInodes: 2,
    trackedInodes: 2,
    deadLeases: 1,
    deadlines: 3,
  });
});

it("counts the fops blocked on an inode anew when some of them go", () => {
  const scene = new LeaseScene({ blockedFopsMax: 2 });
  scene.play(`
    request A alice read data
    fop w1 bob write
    request B carol read data
    fop w2 carol write
    disconnect bob
  `);
  expect(scene.inode().blockedFops).toBe(1);
  expect(scene.run("fop w3 dave write")).toEqual(["w3 blocked"]);
  expect(scene.run("fop w4 dave write")).toEqual(["error LEASE_BACKLOG_FULL"]);
});

it("does not count blocked fops among the leases of an inode", () => {
  const scene = new LeaseScene({ leasesPerInodeMax: 2 });
  scene.play(`
    request A alice read-write data
    fop w1 bob write
    fop w2 bob write
    fop w3 bob write
  `);
  expect(scene.run("request B bob read data")).toEqual([]);
});

it("grants what is granted at once though no request more may wait", () => {
  const scene = new LeaseScene({ queuedRequestsMax: 1 });
  scene.play("request A alice read-write data\n request B bob read data");
  expect(scene.run("request C carol read data on g")).toEqual(["grant C to carol, epoch 2"]);
});

it("grants more to a lease-id of scope open though no lease more may be", () => {
  const scene = new LeaseScene({ leasesMax: 1, leasesPerInodeMax: 1, grantsMax: 1 });
  scene.run("request A alice read open");
  expect(scene.run("request A alice read-write open")).toEqual(["grant A to alice, epoch 1"]);
});
