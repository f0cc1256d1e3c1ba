import type { ClientUid, Gfid } from "@brickshift/wire";
import { ManualScheduler } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { type GatedFop, type LeaseEffect, driveLeases } from "../src/index.js";
import { FIRST_EPOCH, leaseIdOf, LeaseScene } from "./lease-scene.js";

it("arms one timer for the next deadline and lets go of it when nobody is recalled", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50 });
  scene.play(`
    request A alice read data on f
    request B alice read data on g
  `);
  expect(scene.scheduler.armed).toBe(0);
  scene.run("fop w1 bob write on f");
  scene.run("advance 10");
  scene.run("fop w2 bob write on g");
  expect([scene.scheduler.armed, scene.scheduler.nextMs]).toEqual([1, 50]);
  scene.run("unlock A alice on f");
  expect([scene.scheduler.armed, scene.scheduler.nextMs]).toEqual([1, 60]);
  scene.run("unlock B alice on g");
  expect(scene.scheduler.armed).toBe(0);
});

it("does not revoke on a timer that fires for a deadline that progress has moved", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallProgressMs: 50, recallCapMs: 1_000 });
  scene.play(`
    request A alice read data
    fop w1 bob write
    advance 49
    fop r1 alice read under A
  `);
  expect(scene.run("advance 1")).toEqual([]);
  expect(scene.scheduler.nextMs).toBe(99);
});

it("arms again when a timer fires early", () => {
  const scheduler = new ManualScheduler();
  let early: (() => void) | undefined;
  const impatient = {
    nowMs: () => scheduler.nowMs(),
    at: (atMs: number, run: () => void) => {
      early ??= run;
      return scheduler.at(atMs, run);
    },
  };
  const types: string[] = [];
  const driver = driveLeases({ recallTimeoutMs: 50 }, FIRST_EPOCH, impatient, (effect) =>
    types.push(effect.type),
  );
  const inode = driver.manager.inode("f" as Gfid);
  driver.request(inode, { client: "a" as ClientUid, leaseId: leaseIdOf("A"), type: "read", scope: "data" });
  driver.admit(inode, fopOf("b", "write"));
  early?.();
  expect(types).toEqual(["grant", "recall"]);
  scheduler.advance(50);
  expect(types).toEqual(["grant", "recall", "revoke", "resume"]);
});

it("applies what an effect leads to after the effects that are due already", () => {
  const scheduler = new ManualScheduler();
  const said: string[] = [];
  const carriedOut = (effect: LeaseEffect) => {
    said.push(effect.type === "resume" ? `resume ${effect.fop.client}` : effect.type);
    if (effect.type === "resume") driver.finish(inode, effect.fop);
  };
  const driver = driveLeases({}, FIRST_EPOCH, scheduler, carriedOut);
  const inode = driver.manager.inode("f" as Gfid);
  const ask = (name: string) => {
    const client = "a" as ClientUid;
    driver.request(inode, { client, leaseId: leaseIdOf(name), type: "read", scope: "data" });
  };
  ask("A");
  driver.admit(inode, fopOf("b", "write"));
  driver.admit(inode, fopOf("c", "write"));
  ask("B");
  driver.unlock(inode, { client: "a" as ClientUid, leaseId: leaseIdOf("A") });
  expect(said).toEqual(["grant", "recall", "resume b", "resume c", "grant"]);
});

it("lets go of its timer when it is closed", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A alice read data
    fop w1 bob write
  `);
  scene.driver.close();
  expect(scene.scheduler.armed).toBe(0);
});

function fopOf(client: string, gate: GatedFop["gate"]): GatedFop {
  return {
    client: client as ClientUid,
    gate,
    leaseId: undefined,
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  };
}
