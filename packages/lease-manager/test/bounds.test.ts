import { expect, it } from "vitest";
import { ZodError } from "zod";
import { createLeaseManager, leaseOptions, type LeaseOptionsInput } from "../src/index.js";
import { FIRST_EPOCH, LeaseScene } from "./lease-scene.js";

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
