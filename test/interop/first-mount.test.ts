import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, mountVolfile } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

it("mounts two emulated bricks by the stock client", async () => {
  const { port } = await startEmulator(scratch, ["b0", "b1"]);
  const bricks = ["b0", "b1"].map((name) => ({ name, port }));
  const mount = await mountVolfile(scratch, clientVolfile(bricks));
  for (let index = 0; index < 20; index += 1) writeFileSync(`${mount.path}/f${index}`, `content ${index}`);
  await mount.unmount();
  const again = await mountVolfile(scratch, clientVolfile(bricks), "again");
  expect(readFileSync(`${again.path}/f7`, "utf8")).toBe("content 7");
});

it("mounts two stock bricks by the stock client: the fixture works", async () => {
  const bricks = [
    await startStockBrick(scratch, { name: "s0" }),
    await startStockBrick(scratch, { name: "s1" }),
  ];
  const mount = await mountVolfile(scratch, clientVolfile(bricks));
  for (let index = 0; index < 20; index += 1) writeFileSync(`${mount.path}/f${index}`, `content ${index}`);
  expect(readFileSync(`${mount.path}/f7`, "utf8")).toBe("content 7");
});
