import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

function revoked() {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50, deadLeasesMax: 2 });
  scene.play(`
    request A runner read data
    fop w1 bob write
    advance 50
    finish w1
  `);
  return scene;
}

it("refuses a fop that names a revoked lease-id, and says why it was revoked", () => {
  expect(revoked().run("fop r1 runner read under A")).toEqual(["error LEASE_REVOKED (recall-timeout)"]);
});

it("tells whoever unlocks a revoked lease so, once, and forgets it then", () => {
  const said = revoked().play(`
    unlock A runner
    fop r1 runner read under A
    unlock A runner
  `);
  expect(said).toEqual(["A revoked (recall-timeout)", "r1 proceeds", "A not-held"]);
});

it("takes FLUSH and RELEASE under a revoked lease-id: refused, they would leak what they give back", () => {
  const said = revoked().play(`
    fop c1 runner flush under A
    fop c2 runner release under A
  `);
  expect(said).toEqual(["c1 proceeds", "c2 proceeds"]);
});

it("does not hold a client's revoked lease-id against another client", () => {
  expect(revoked().run("fop r1 bob read under A")).toEqual(["r1 proceeds"]);
});

it("wants a fresh lease-id after a revoke", () => {
  expect(revoked().run("request A runner read data")).toEqual(["error LEASE_REVOKED (recall-timeout)"]);
});

it("refuses the blocked fops that named the lease when it is revoked", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50 });
  const said = scene.play(`
    request A alice read data
    request B bob read data
    fop w1 alice write under A
    fop w2 bob write under B
    advance 50
  `);
  expect(said.slice(-4)).toEqual([
    "revoke B of bob: recall-timeout",
    "revoke A of alice: recall-timeout",
    "reject w1: LEASE_REVOKED (recall-timeout)",
    "reject w2: LEASE_REVOKED (recall-timeout)",
  ]);
});

it("remembers only so many revoked ids of a client, and then believes none it does not know", () => {
  const scene = revoked();
  for (const id of ["B", "C"]) {
    scene.play(`
      request ${id} runner read data
      revoke
    `);
  }
  expect(scene.manager.usage.deadLeases).toBe(2);
  const said = scene.play(`
    fop r1 runner read under A epoch 1
    unlock A runner
    unlock B runner
    unlock C runner
    unlock A runner
  `);
  expect(said).toEqual([
    "error LEASE_REVOKED (not-held)",
    "A revoked (not-held)",
    "B revoked (admin)",
    "C revoked (admin)",
    "A revoked (not-held)",
  ]);
});

it("answers an unlock that carries an epoch as revoked, whatever is remembered", () => {
  const said = new LeaseScene().play(`
    unlock A runner epoch 1
    unlock A runner
  `);
  expect(said).toEqual(["A revoked (not-held)", "A not-held"]);
});

it("does not unlock a lease by an epoch that it does not have", () => {
  const scene = new LeaseScene();
  const said = scene.play(`
    request A runner read data
    unlock A runner epoch 2
    unlock A runner epoch 1
  `);
  expect(said).toEqual(["grant A to runner, epoch 1", "A revoked (not-held)", "A unlocked"]);
});

it("forgets a client's revoked ids when it is gone", () => {
  const scene = revoked();
  expect(scene.manager.usage).toMatchObject({ clients: 1, deadLeases: 1 });
  scene.run("disconnect runner");
  expect(scene.manager.usage).toMatchObject({ clients: 0, deadLeases: 0 });
});

it("forgets a revoked lease-id at once when it is to answer as stock bricks do: fops run, unlocks succeed, it may be used anew", () => {
  const scene = new LeaseScene({ recallTimeoutMs: 50, recallCapMs: 50, deadLeases: "forgotten" });
  const said = scene.play(`
    request A runner read data
    fop w1 bob write
    advance 50
    finish w1
    fop r1 runner read under A
    fop w2 runner write under A
    finish w2
    unlock A runner
    request A runner read data
  `);
  expect(said.slice(-4)).toEqual(["r1 proceeds", "w2 proceeds", "A not-held", "grant A to runner, epoch 2"]);
  expect(scene.manager.usage.deadLeases).toBe(0);
});

it("tells a client of its revoked lease though another holds one with that id by now", () => {
  const scene = revoked();
  scene.run("request A bob read data");
  expect(scene.play("unlock A runner\n unlock A bob")).toEqual(["A revoked (recall-timeout)", "A unlocked"]);
});
