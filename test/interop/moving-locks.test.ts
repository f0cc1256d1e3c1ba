import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FuseMount } from "./support/fuse-mount.js";
import { startLockTaker } from "./support/lock-taker.js";
import { startLocker } from "./support/locker.js";
import { MovingStage } from "./support/moving-stage.js";
import { Scratch } from "./support/scratch.js";

/** Runs until one comes to a moment in which nobody has the lock. */
const RUNS_MAX = 12;

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** A file on b1, and two processes that have it open, each in a mount of its own. */
async function lockers() {
  const stage = await MovingStage.start(scratch);
  const [one, other] = [await stage.mount(), await stage.mount()];
  const path = stage.nameOnB1(one, "/locked", (file) => writeFileSync(file, "0123456789"));
  const [ann, eve] = [one, other].map((mount) => startLocker(scratch, `${mount.path}${path}`));
  if (ann === undefined || eve === undefined) throw new Error("two were started");
  // Both have answered, so both have it open.
  for (const locker of [ann, eve]) expect(await locker.ask("get write 0 0")).toBe("free");
  return { stage, path, ann, eve };
}

it("leaves a file where it is as long as somebody has it locked", async () => {
  const { stage, path, ann, eve } = await lockers();
  for (const [lock, unlock, want] of [
    ["fcntl write 0 10", "fcntl unlock 0 0", "fcntl write 5 1"],
    ["flock exclusive", "flock unlock", "flock shared"],
  ] as const) {
    expect(await ann.ask(lock)).toBe("ok");
    const waits = eve.ask(`${want} wait`);
    const { exited, events } = stage.run([path]);
    expect(await exited).not.toBe(0);
    expect(JSON.stringify(events)).toContain("REBALANCE_LOCKED");
    expect(stage.on("b1", path)).toBe("data");
    // Both find the lock as they left it.
    expect(await ann.ask(unlock)).toBe("ok");
    expect(await waits).toBe("ok");
    expect(await eve.ask(unlock)).toBe("ok");
  }
  const { exited, errors } = stage.run([path]);
  expect([await exited, errors()]).toEqual([0, ""]);
});

it("locks a file where it is now, by fds from before it moved", async () => {
  const { stage, path, ann, eve } = await lockers();
  const { exited, errors } = stage.run([path]);
  expect([await exited, errors()]).toEqual([0, ""]);
  // Who comes now knows of no other brick than the one where the file is.
  const fresh = await stage.mount();
  const bob = startLocker(scratch, `${fresh.path}${path}`);
  expect(await ann.ask("fcntl write 0 10")).toBe("ok");
  expect(await bob.ask("fcntl write 5 1")).toBe("EAGAIN");
  expect(await eve.ask("fcntl write 5 1")).toBe("EAGAIN");
  expect(await bob.ask("flock exclusive")).toBe("EAGAIN");
  expect(await eve.ask("get read 3 100")).toBe("write 0 10");
  const waits = eve.ask("fcntl write 5 1 wait");
  expect(await ann.ask("fcntl unlock 0 0")).toBe("ok");
  expect(await waits).toBe("ok");
});

it("gives the lock of a file to one process at a time while it moves, by fds from before and after", async () => {
  const stage = await MovingStage.start(scratch);
  const mounts = [await stage.mount(), await stage.mount()];
  const path = stage.nameOnB1(mounts[0] as FuseMount, "/fought", (file) => writeFileSync(file, "0123456789"));
  const takers = mounts.flatMap((mount) =>
    (["keep", "reopen"] as const).map((how) =>
      startLockTaker(scratch, `${mount.path}${path}`, scratch.path("marker"), how),
    ),
  );
  await Promise.all(takers.map((taker) => taker.takes(3)));
  for (let runs = 1, code: unknown; code !== 0; runs += 1) {
    const { exited, events } = stage.run([path]);
    code = await exited;
    const isLocked = JSON.stringify(events).includes("REBALANCE_LOCKED");
    expect([code === 0, isLocked]).toEqual([!isLocked, isLocked]);
    expect(runs).toBeLessThan(RUNS_MAX);
  }
  await Promise.all(takers.map((taker) => taker.takes(20)));
  const ended = await Promise.all(takers.map((taker) => taker.stop()));
  expect(ended.map(({ shared }) => shared)).toEqual([0, 0, 0, 0]);
  expect(stage.on("b0", path)).toBe("data");
});
