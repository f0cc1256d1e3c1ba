import { afterEach, beforeEach, expect, it } from "vitest";
import { startEmulator } from "./support/emulator.js";
import { startRunner } from "./support/rebalance-runner.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

it("refuses a stock brick on either side, with protection and without, and says what moves files there", async () => {
  const stock = await startStockBrick(scratch, { name: "s0" });
  const ours = (await startEmulator(scratch, ["b0"], ["--memory"])).url("b0");
  for (const [source, destination] of [
    [stock.url, ours],
    [ours, stock.url],
  ] as const) {
    for (const protection of ["lease", "none"]) {
      const bricks = ["--source", source, "--destination", destination, "--protection", protection];
      const { exited, errors } = startRunner(scratch, ["run", ...bricks, "--state", scratch.path("journal")]);
      expect(await exited).toBe(3);
      expect(errors()).toContain("REBALANCE_NOT_BRICKSHIFT");
      expect(errors()).toContain("s0 is no Brickshift brick");
      expect(errors()).toContain("gluster volume rebalance");
    }
  }
});
