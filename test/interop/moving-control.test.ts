import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed, until } from "./support/command.js";
import { movingSizes, tellRun } from "./support/moving-sizes.js";
import { compileMovingWriters, MovingWriters } from "./support/moving-writers.js";
import { outcomeOf } from "./support/outcome.js";
import { Scratch } from "./support/scratch.js";
import { startStockVolume, type StockVolume, withoutPerformance } from "./support/stock-volume.js";

const { sizeBytes, runs, writers, writesPerSecondEach } = movingSizes({ runs: 2 });

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** Gives the file a name that belongs on the other brick, so that rebalance moves it there. */
async function misplace({ prefix, mountPath, bricks, brickOf }: StockVolume, name: string): Promise<string> {
  const [command = "", ...before] = prefix;
  let current = name;
  for (let attempt = 0; attempt < 64; attempt += 1) {
    const next = `${name}-${attempt}`;
    await succeed(command, [...before, "mv", `${mountPath}/${current}`, `${mountPath}/${next}`]);
    current = next;
    const elsewhere = bricks[1 - brickOf(next)];
    if (elsewhere !== undefined && existsSync(`${elsewhere}/${next}`)) return next;
  }
  throw new Error("no name belongs on the other brick");
}

// The control: what it loses is printed. It loses nothing in some runs, as it is a race that it loses.
it(
  `is a move that stock GlusterFS makes with force-migration under the same writers, ${runs} times`,
  { timeout: runs * 600_000 },
  async () => {
    const program = await compileMovingWriters(scratch);
    const volume = await startStockVolume(scratch, {
      ...withoutPerformance,
      "cluster.force-migration": "on",
    });
    let losing = 0;
    for (let run = 1; run <= runs; run += 1) {
      const { prefix, mountPath } = volume;
      await volume.mount();
      const options = { sizeBytes, writers, writesPerSecondEach, prefix };
      const made = new MovingWriters(scratch, program, { ...options, file: `${mountPath}/big${run}` });
      await made.fill();
      const name = await misplace(volume, `big${run}`);
      const from = volume.brickOf(name);
      const writing = new MovingWriters(scratch, program, { ...options, file: `${mountPath}/${name}` });
      const running = writing.start(scratch);
      await running.written(1_000);
      await running.nextPhase();
      const startedAtMs = performance.now();
      await volume.gluster("volume", "rebalance", "vol", "start", "force");
      await until(
        "the end of the rebalance",
        async () => {
          // glusterd refuses to answer while the process that moves has just begun, or is about to end.
          const status = await outcomeOf(volume.gluster("volume", "rebalance", "vol", "status"));
          return /run time in/i.test(status) && !status.includes("in progress");
        },
        300_000,
      );
      const seconds = (performance.now() - startedAtMs) / 1_000;
      await running.nextPhase();
      await running.written(1_000);
      const status = await running.stop();
      await volume.unmount();
      await volume.mount();
      const comparison = await writing.compare();
      tellRun(`stock control, run ${run} of ${runs}`, status, comparison, seconds);
      if (comparison.lost > 0) losing += 1;
      // It has to be a move under writers to be a control.
      expect(volume.brickOf(name)).toBe(1 - from);
      expect(status.phases[1].writes).toBeGreaterThan(0);
      expect(comparison.blocks).toBe(sizeBytes / 4_096);
      await volume.unmount();
    }
    process.stdout.write(`stock control: lost blocks in ${losing} of ${runs} runs\n`);
  },
);
