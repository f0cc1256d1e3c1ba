import { ManualScheduler } from "@brickshift/testkit";
import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createRebalance, type RebalanceOptionsInput } from "../src/index.js";
import { missingNames } from "../src/link-names.js";
import { DirectoryNode } from "../src/directory-node.js";
import { RunTally } from "../src/run-tally.js";
import { Slots } from "../src/slots.js";
import { Throttle } from "../src/throttle-driver.js";
import { TokenBucket } from "../src/token-bucket.js";
import { random } from "./two-bricks.js";

describe("TokenBucket", () => {
  it("lets a second's worth pass at once, then as much as comes in", () => {
    const bucket = new TokenBucket(1_000, 0);
    bucket.spend(1_000);
    expect(bucket.readyAtMs(0)).toBe(1);
    bucket.spend(499);
    expect(bucket.readyAtMs(0)).toBe(500);
    expect(bucket.readyAtMs(500)).toBe(500);
  });

  it("makes the next one wait for what somebody spent beyond it", () => {
    const bucket = new TokenBucket(1_000, 0);
    bucket.spend(10_999);
    expect(bucket.readyAtMs(0)).toBe(10_000);
  });

  it("saves no more than a second's worth, and is no hindrance when there is no limit", () => {
    const bucket = new TokenBucket(1_000, 0);
    expect(bucket.readyAtMs(60_000)).toBe(60_000);
    bucket.spend(1_999);
    expect(bucket.readyAtMs(60_000)).toBe(61_000);
    const free = new TokenBucket(0, 0);
    free.spend(1e12);
    expect(free.readyAtMs(5)).toBe(5);
  });
});

describe("Throttle", () => {
  it("lets waiters go when it is their turn, and when they are called off", async () => {
    const scheduler = new ManualScheduler();
    const throttle = new Throttle(100, scheduler);
    throttle.spend(199);
    let passed = 0;
    const waiting = throttle.pass().then(() => (passed += 1));
    const cancel = new AbortController();
    const calledOff = throttle.pass(cancel.signal);
    scheduler.advance(999);
    await Promise.resolve();
    expect(passed).toBe(0);
    cancel.abort(new Error("called off"));
    await expect(calledOff).rejects.toThrow("called off");
    scheduler.advance(1);
    await waiting;
    expect([passed, scheduler.armed]).toEqual([1, 0]);
  });
});

it("gives out so many slots, the others in order", async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  await slots.take();
  await slots.take();
  const third = slots.take().then(() => order.push(3));
  const fourth = slots.take().then(() => order.push(4));
  expect(slots.taken).toBe(2);
  slots.release();
  slots.release();
  await Promise.all([third, fourth]);
  expect(order).toEqual([3, 4]);
  slots.release();
  slots.release();
  await slots.drain();
  expect(slots.taken).toBe(0);
});

it("is done with a directory when all in and below it is", () => {
  const done: string[] = [];
  const place = (path: string) => ({ gfid: path as Gfid, path, stat: {} as never, depth: 0 });
  const outer = new DirectoryNode(place("/"), undefined, ({ path }) => done.push(path));
  const inner = new DirectoryNode(place("/d"), outer, ({ path }) => done.push(path));
  inner.hold();
  outer.release();
  inner.release();
  expect(done).toEqual([]);
  inner.release();
  expect(done).toEqual(["/d", "/"]);
  expect([outer.pathOf("x"), inner.pathOf("x")]).toEqual(["/x", "/d/x"]);
});

it("tells names apart by directory and name", () => {
  const links = ["a", "b", "c"].map((bname) => ({ pargfid: ROOT_GFID, bname }));
  expect(missingNames(links, links.slice(1))).toEqual([{ pargfid: ROOT_GFID, bname: "a" }]);
  expect(missingNames(links, links)).toEqual([]);
});

it("counts outcomes by reason", () => {
  const tally = new RunTally();
  tally.outcome({ type: "moved", bytes: 5 });
  tally.outcome({ type: "failed", code: "REBALANCE_BUSY", message: "" });
  tally.outcome({ type: "failed", code: "REBALANCE_BUSY", message: "" });
  tally.outcome({ type: "skipped", reason: "link-elsewhere" });
  tally.outcome({ type: "vanished" });
  expect(tally.snapshot(9)).toMatchObject({
    moved: 1,
    movedBytes: 5,
    failed: 2,
    skipped: 1,
    vanished: 1,
    leases: 9,
    reasons: { REBALANCE_BUSY: 2, "link-elsewhere": 1 },
  });
});

it.each([
  { concurrency: 0 },
  { protection: "some" },
  { copy: { chunkBytes: 0 } },
  { concurency: 3 },
] as unknown as RebalanceOptionsInput[])("refuses the options %o", (options) => {
  const world = { scheduler: new ManualScheduler(), random };
  expect(() => createRebalance(options, world)).toThrow(/concur|protection|chunkBytes/);
});
