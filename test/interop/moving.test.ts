import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed } from "./support/command.js";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, mountVolfile } from "./support/fuse-mount.js";
import { movingSizes, tellRun } from "./support/moving-sizes.js";
import { compileMovingWriters, MovingWriters } from "./support/moving-writers.js";
import { move, verify } from "./support/rebalance-runner.js";
import { Scratch } from "./support/scratch.js";

const { sizeBytes, runs, writers, writesPerSecondEach } = movingSizes({ runs: 3 });

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

it("would notice a lost write: the comparison finds the blocks that are put back", async () => {
  const program = await compileMovingWriters(scratch);
  const file = scratch.path("local");
  const options = { file, sizeBytes: 1 << 20, writers, writesPerSecondEach: 0 };
  const writing = new MovingWriters(scratch, program, options);
  await writing.fill();
  copyFileSync(file, scratch.path("before"));
  const running = writing.start(scratch);
  await running.written(10_000);
  const { errors, stale, torn } = await running.stop();
  expect({ errors, stale, torn }).toEqual({ errors: 0, stale: 0, torn: 0 });
  expect(await writing.compare()).toMatchObject({ blocks: 256, lost: 0 });
  copyFileSync(scratch.path("before"), file);
  const { lost, first } = await writing.compare();
  expect(lost).toBeGreaterThan(0);
  expect(first).toMatch(/version 1 where \d+ was acknowledged/);
});

it(
  `loses no write of ${writers} writers through a stock mount while the file moves, ${runs} times to and fro`,
  { timeout: runs * 600_000 },
  async () => {
    const program = await compileMovingWriters(scratch);
    const emulator = await startEmulator(scratch, ["b0", "b1"]);
    const volfile = clientVolfile(["b0", "b1"].map((name) => ({ name, port: emulator.port })));
    const other = await mountVolfile(scratch, volfile, "other");
    const first = await mountVolfile(scratch, volfile);
    mkdirSync(`${first.path}/d`);
    const writing = new MovingWriters(scratch, program, {
      file: `${first.path}/d/big`,
      elsewhere: [`${other.path}/d/big`],
      sizeBytes,
      writers,
      writesPerSecondEach,
    });
    await writing.fill();
    await first.unmount();
    // The name hashes to b1: the first run leaves a link file there, the second brings the file home.
    let [from, to] = ["b1", "b0"];
    for (let run = 1; run <= runs; run += 1) {
      const mount = await mountVolfile(scratch, volfile);
      const running = writing.start(scratch);
      await running.written(1_000);
      await running.nextPhase();
      const report = await move(scratch, emulator.url(from), emulator.url(to), ["/d/big"]);
      await running.nextPhase();
      await running.written(1_000);
      const status = await running.stop();
      await mount.unmount();

      const again = await mountVolfile(scratch, volfile);
      const comparison = await writing.compare();
      tellRun(`run ${run} of ${runs}, ${from} to ${to}`, status, comparison, Number(report["seconds"]));
      expect(comparison).toMatchObject({ lost: 0, sizeBytes });
      expect(status).toMatchObject({ errors: 0, firstError: "", stale: 0, firstStale: "", torn: 0 });
      expect(report).toMatchObject({ filesMoved: 1, filesFailed: 0, bytesMoved: sizeBytes });
      // The run is worth nothing unless writes met the copying, and went on through descriptors older than the flip.
      expect(Number(report["recalls"])).toBeGreaterThan(0);
      expect(status.phases[1].writes).toBeGreaterThan(0);
      expect(status.heldLate).toBeGreaterThan(0);
      expect(statSync(`${again.path}/d/big`).size).toBe(sizeBytes);
      expect(await succeed("ls", [`${again.path}/d`])).toBe("big\n");
      await again.unmount();
      await verify(scratch, emulator.url(from), emulator.url(to), ["/d/big"]);
      [from, to] = [to, from];
    }
  },
);
