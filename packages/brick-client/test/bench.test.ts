import { expect, it } from "vitest";
import { fopsPerSecond, openBench } from "../bench/fop-load.js";

it("runs its benchmark small", async () => {
  const { fops, close } = await openBench();
  expect(await fopsPerSecond(32, fops.stat)).toBeGreaterThan(0);
  expect(await fopsPerSecond(32, (index) => fops.read(4_096, index))).toBeGreaterThan(0);
  expect(await fopsPerSecond(32, (index) => fops.write(4_096, index))).toBeGreaterThan(0);
  await close();
});
