import { expect, it } from "vitest";
import { LeaseScene } from "./lease-scene.js";

it("grants a read lease only when the modifying fops that ran before it have ended", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    fop r1 bob read
    request A runner read data
    finish w1
  `);
  expect(said).toEqual(["w1 proceeds", "r1 proceeds", "grant A to runner, epoch 1"]);
});

it("grants a read-write lease only when every fop that ran before it has ended", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    fop r1 bob read
    request A runner read-write data
    finish w1
    fop r2 carol read
    finish r1
  `);
  expect(said).toEqual([
    "w1 proceeds",
    "r1 proceeds",
    "r2 blocked",
    "grant A to runner, epoch 1",
    "recall A from runner, until 60000",
  ]);
});

it("makes modifying fops wait while a read lease is being drained for, and lets reads pass", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    request A runner read data
    fop w2 bob write
    fop r1 bob read
  `);
  expect(said).toEqual(["w1 proceeds", "w2 blocked", "r1 proceeds"]);
});

it("does not drain FLUSH, RELEASE and the locks between translators, not even for an exclusive lease", () => {
  const scene = new LeaseScene();
  for (const gate of ["flush", "release", "inodelk", "entrylk"]) scene.run(`fop ${gate} bob ${gate}`);
  expect(scene.run("request A runner read-write data")).toEqual(["grant A to runner, epoch 1"]);
});

it("drains internal modifying fops for a data lease", () => {
  const said = new LeaseScene().play(`
    fop heal shd write internal
    request A runner read data
    finish heal
  `);
  expect(said).toEqual(["heal proceeds", "grant A to runner, epoch 1"]);
});

it("does not wait for internal reads, which may go on coming while it waits", () => {
  const said = new LeaseScene().play(`
    fop crawl shd read internal
    request A runner read-write data
  `);
  expect(said).toEqual(["crawl proceeds", "grant A to runner, epoch 1"]);
});

it("drains the fops of the client that asks as well", () => {
  const scene = new LeaseScene();
  scene.play(`
    fop w1 runner write
    request A runner read data
  `);
  expect(scene.inode().leases).toHaveLength(0);
  expect(scene.run("finish w1")).toEqual(["grant A to runner, epoch 1"]);
});

it("drains for stock leases too, and does not refuse them for a running fop", () => {
  const said = new LeaseScene().play(`
    fop w1 bob write
    request A alice read open
    finish w1
  `);
  expect(said).toEqual(["w1 proceeds", "grant A to alice, epoch 1"]);
});

it("does not wait for internal fops under stock rules, which do not hold them back either", () => {
  const said = new LeaseScene().play(`
    fop heal shd write internal
    request A alice read open
  `);
  expect(said).toEqual(["heal proceeds", "grant A to alice, epoch 1"]);
});

it.each([
  { runs: "write", asks: "read data", waits: true },
  { runs: "write", asks: "read open", waits: true },
  { runs: "write internal", asks: "read data", waits: true },
  { runs: "write internal", asks: "read-write data", waits: true },
  { runs: "write internal", asks: "read-write open", waits: false },
  { runs: "read", asks: "read data", waits: false },
  { runs: "read", asks: "read-write data", waits: true },
  { runs: "read", asks: "read-write open", waits: true },
  { runs: "read internal", asks: "read-write data", waits: false },
  { runs: "flush", asks: "read-write data", waits: false },
])("a lease $asks waits for a $runs that runs: $waits", ({ runs, asks, waits }) => {
  const scene = new LeaseScene();
  scene.run(`fop f1 bob ${runs}`);
  const granted = ["grant A to runner, epoch 1"];
  expect(scene.run(`request A runner ${asks}`)).toEqual(waits ? [] : granted);
  expect(scene.run("finish f1")).toEqual(waits ? granted : []);
});

it.each(["write", "write internal", "read"])("keeps the record of an inode while a %s runs on it", (fop) => {
  const scene = new LeaseScene();
  scene.play(`fop f1 bob ${fop}`);
  scene.manager.forgetInode(scene.inode());
  expect(scene.manager.usage.inodes).toBe(1);
});
