import { expect, it } from "vitest";
import type { LeaseOptionsInput } from "../src/index.js";
import { LeaseScene } from "./lease-scene.js";

function recalled(options: LeaseOptionsInput) {
  const scene = new LeaseScene(options);
  scene.run("request A runner read data");
  expect(scene.run("fop w1 bob write")[1]).toMatch("recall A from runner");
  return scene;
}

it("recalls each holder once, however many fops come to wait", () => {
  const scene = new LeaseScene();
  scene.run("request A alice read data");
  scene.run("request B bob read data");
  const said = scene.play(`
    fop w1 carol write
    fop w2 carol write
    request C carol read-write data
  `);
  expect(said.filter((words) => words.startsWith("recall"))).toEqual([
    "recall A from alice, until 60000",
    "recall B from bob, until 60000",
  ]);
});

it("recalls only the leases that are in the way", () => {
  const scene = new LeaseScene();
  scene.run("request A alice read data");
  scene.run("request B bob read data");
  expect(scene.run("fop w1 alice write under A")).toEqual(["w1 blocked", "recall B from bob, until 60000"]);
});

it("revokes at the deadline, before it resumes anybody", () => {
  const scene = recalled({ recallTimeoutMs: 50, recallCapMs: 50 });
  expect(scene.run("advance 49")).toEqual([]);
  expect(scene.run("advance 1")).toEqual(["revoke A of runner: recall-timeout", "resume w1"]);
});

it("never revokes when the timeout is infinite", () => {
  const scene = recalled({ recallTimeoutMs: "infinite" });
  expect(scene.manager.deadlineMs).toBeUndefined();
  expect(scene.run("advance 100000000")).toEqual([]);
  expect(scene.run("unlock A runner")).toEqual(["A unlocked", "resume w1"]);
});

it("says that there is no deadline when the timeout is infinite", () => {
  const scene = new LeaseScene({ recallTimeoutMs: "infinite" });
  scene.run("request A runner read data");
  expect(scene.run("fop w1 bob write")[1]).toBe("recall A from runner, until it unlocks");
});

it("puts the end off while the holder makes progress under its lease", () => {
  const scene = recalled({ recallTimeoutMs: 50, recallProgressMs: 30, recallCapMs: 1_000 });
  const said = scene.play(`
    advance 40
    fop r1 runner read under A
    advance 29
    advance 1
  `);
  expect(said).toEqual(["r1 proceeds", "revoke A of runner: recall-timeout", "resume w1"]);
  expect(scene.scheduler.nowMs()).toBe(70);
});

it("does not put the end off for the fops of others, nor shorten it", () => {
  const scene = recalled({ recallTimeoutMs: 50, recallProgressMs: 10, recallCapMs: 1_000 });
  scene.run("advance 5");
  scene.run("fop r1 runner read under A");
  scene.run("advance 40");
  scene.run("fop r2 bob read");
  expect(scene.run("advance 4")).toEqual([]);
  expect(scene.run("advance 1")[0]).toBe("revoke A of runner: recall-timeout");
});

it("revokes a holder at the cap, busy as it may be", () => {
  const scene = recalled({ recallTimeoutMs: 50, recallProgressMs: 50, recallCapMs: 120 });
  const said: string[] = [];
  for (let n = 0; n < 11; n += 1) {
    scene.run("advance 10");
    said.push(...scene.run(`fop r${n} runner read under A`));
  }
  expect(new Set(said.map((words) => words.split(" ")[1]))).toEqual(new Set(["proceeds"]));
  expect(scene.run("advance 9")).toEqual([]);
  expect(scene.run("advance 1")).toEqual(["revoke A of runner: recall-timeout", "resume w1"]);
});

it("counts progress when a holder's blocked fop is resumed", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallProgressMs: 40, recallCapMs: 1_000 });
  const said = scene.play(`
    request A alice read data
    request B bob read data
    fop w1 alice write under A
    fop w2 bob write under B
    advance 30
    unlock B bob
    advance 39
  `);
  expect(said.slice(2)).toEqual([
    "w1 blocked",
    "recall B from bob, until 50",
    "w2 blocked",
    "recall A from alice, until 50",
    "B unlocked",
    "resume w1",
  ]);
  expect(scene.run("advance 1")[0]).toBe("revoke A of alice: recall-timeout");
});

it("revokes leases of several inodes in the order of their deadlines", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  const said = scene.play(`
    request A alice read data on f
    request B bob read data on g
    fop w1 carol write on g
    advance 10
    fop w2 carol write on f
    advance 100
  `);
  expect(said.slice(-4)).toEqual([
    "revoke B of bob: recall-timeout",
    "resume w1",
    "revoke A of alice: recall-timeout",
    "resume w2",
  ]);
});

it("revokes all that are due on several inodes before it resumes anybody", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  const said = scene.play(`
    request A alice read data on f
    request B bob read data on g
    fop w1 carol write on f
    fop w2 carol write on g
    advance 50
  `);
  expect(said.slice(-4)).toEqual([
    "revoke A of alice: recall-timeout",
    "revoke B of bob: recall-timeout",
    "resume w1",
    "resume w2",
  ]);
});

it("keeps no deadlines of leases that were given back in time, though an earlier one is still to come", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A alice read data on g
    fop w0 bob write on g
  `);
  for (let n = 0; n < 1_000; n += 1) {
    scene.play(`
      advance 1
      request A${n} runner read data
      fop w bob write
      unlock A${n} runner
      finish w
    `);
  }
  expect(scene.manager.usage.deadlines).toBeLessThanOrEqual(64);
});

it("keeps few deadlines of leases that were given back in time, beside many that are to come", () => {
  const scene = new LeaseScene();
  for (let n = 0; n < 100; n += 1)
    scene.play(`request H${n} h read data on ${n}\n fop w${n} bob write on ${n}`);
  for (let n = 0; n < 1_000; n += 1) {
    scene.play(`request A${n} runner read data\n fop w bob write\n unlock A${n} runner\n finish w`);
  }
  expect(scene.manager.usage.deadlines).toBeLessThanOrEqual(202);
});

it("ends leases by order of the admin, before it resumes anybody", () => {
  expect(recalled({}).run("revoke")).toEqual(["revoke A of runner: admin", "resume w1"]);
});

it("takes another timeout over for the recalls to come, and keeps the deadlines of those under way", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  scene.play(`
    request A alice read data on f
    request B bob read data on g
    fop w1 carol write on f
  `);
  scene.manager.setRecallTimeout(200);
  expect(scene.run("fop w2 carol write on g")[1]).toBe("recall B from bob, until 200");
  expect(scene.run("advance 50")).toEqual(["revoke A of alice: recall-timeout", "resume w1"]);
  expect(scene.run("advance 149")).toEqual([]);
  expect(scene.run("advance 1")).toEqual(["revoke B of bob: recall-timeout", "resume w2"]);
});

it("gives no more time for progress than the cap, counted from the recall", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallProgressMs: 100, recallCapMs: 80 });
  scene.play(`
    request A runner read data
    advance 1000
    fop w1 bob write
    advance 40
    fop r1 runner read under A
  `);
  expect(scene.manager.deadlineMs).toBe(1_080);
});

it("has no deadline to put off when the timeout is infinite", () => {
  const scene = recalled({ recallTimeoutMs: "infinite", recallProgressMs: 10, recallCapMs: 20 });
  scene.run("fop r1 runner read under A");
  expect(scene.manager.deadlineMs).toBeUndefined();
  expect(scene.manager.usage.deadlines).toBe(0);
});
