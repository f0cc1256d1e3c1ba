import type { ClientUid, Gfid } from "@brickshift/wire";
import { ManualScheduler } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { type GatedFop, type LeaseRequest, driveLeases } from "../src/index.js";
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
  const types: string[] = [];
  const driver = driveLeases({ recallTimeoutMs: 50 }, FIRST_EPOCH, scheduler.firstEarly(10), (effect) =>
    types.push(effect.type),
  );
  const inode = driver.manager.inode("f" as Gfid);
  driver.request(inode, requestOf("a", "A"));
  driver.admit(inode, fopOf("b", "write"));
  scheduler.advance(49);
  expect(types).toEqual(["grant", "recall"]);
  scheduler.advance(1);
  expect(types).toEqual(["grant", "recall", "revoke", "resume"]);
});

it("applies what an effect leads to after the effects that are due already", () => {
  const said: string[] = [];
  const driver = driveLeases({}, FIRST_EPOCH, new ManualScheduler(), (effect) => {
    said.push(`${effect.type} on ${effect.gfid}`);
    // Only the fop on f ends within the callback; the request behind it is granted then.
    if (effect.type === "resume" && effect.gfid === "f") driver.finish(f, effect.fop);
  });
  const [f, g] = [driver.manager.inode("f" as Gfid), driver.manager.inode("g" as Gfid)];
  driver.request(f, requestOf("a", "A"));
  driver.request(g, requestOf("a", "B"));
  driver.admit(f, fopOf("b", "write"));
  driver.admit(g, fopOf("b", "write"));
  driver.request(f, requestOf("c", "C"));
  said.length = 0;
  driver.disconnect("a" as ClientUid);
  expect(said).toEqual(["revoke on f", "revoke on g", "resume on f", "resume on g", "grant on f"]);
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

function requestOf(client: string, leaseId: string): LeaseRequest {
  return { client: client as ClientUid, leaseId: leaseIdOf(leaseId), type: "read", scope: "data" };
}

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

it("carries out what is left when one effect fails, and throws what it failed with apart", () => {
  const scheduler = new ManualScheduler();
  const resumed: GatedFop[] = [];
  const driver = driveLeases({}, FIRST_EPOCH, scheduler, (effect) => {
    if (effect.type !== "resume") return;
    resumed.push(effect.fop);
    if (resumed.length === 1) throw new Error("the first cannot be resumed");
  });
  const inode = driver.manager.inode("f" as Gfid);
  driver.request(inode, requestOf("a", "A"));
  const fops = [fopOf("b", "write"), fopOf("c", "write")];
  for (const fop of fops) expect(driver.admit(inode, fop)).toBe("blocked");
  const unlock = { client: "a" as ClientUid, leaseId: leaseIdOf("A") };
  expect(driver.unlock(inode, unlock)).toMatchObject({ type: "unlocked" });
  expect(resumed).toEqual(fops);
  expect(() => scheduler.advance(0)).toThrow("the first cannot be resumed");
});

it("gives a fop its admission although the recall that it leads to fails, so that none is refused and queued", () => {
  const scheduler = new ManualScheduler();
  const types: string[] = [];
  const driver = driveLeases({}, FIRST_EPOCH, scheduler, (effect) => {
    types.push(effect.type);
    if (effect.type === "recall") throw new Error("the holder cannot be told");
  });
  const inode = driver.manager.inode("f" as Gfid);
  driver.request(inode, requestOf("a", "A"));
  expect(driver.admit(inode, fopOf("b", "write"))).toBe("blocked");
  expect(() => scheduler.advance(0)).toThrow("the holder cannot be told");
  driver.unlock(inode, { client: "a" as ClientUid, leaseId: leaseIdOf("A") });
  expect(types).toEqual(["grant", "recall", "resume"]);
});
