import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copying, MovingStage } from "./support/moving-stage.js";
import { compileMovingWriters, MovingWriters } from "./support/moving-writers.js";
import { Scratch } from "./support/scratch.js";

const sizeBytes = Number(process.env["BYTES"] ?? 32 * 1_048_576);
const kills = Number(process.env["RUNS"] ?? 2);
/** Slow enough to be killed while it copies. */
const slowly = ["--bytes-per-second", String(sizeBytes / 4)];

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** A file on b1 under eight writers through a stock mount. */
async function underWriters() {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const path = stage.nameOnB1(mount, "/killed", (file) => writeFileSync(file, ""));
  const options = { file: `${mount.path}${path}`, sizeBytes, writers: 8, writesPerSecondEach: 10 };
  const writing = new MovingWriters(scratch, await compileMovingWriters(scratch), options);
  await writing.fill();
  const running = writing.start(scratch);
  await running.written(200);
  const compareAgain = async () => {
    await mount.unmount();
    const again = await stage.mount();
    return writing.compare(`${again.path}${path}`);
  };
  return { stage, path, running, compareAgain };
}

it("loses no write when the runner is killed in the middle, and goes on with --resume", async () => {
  const { stage, path, running, compareAgain } = await underWriters();
  const state = scratch.path("journal");
  for (let kill = 0; kill < kills; kill += 1) {
    const runner = stage.run([path], [...slowly, ...(kill > 0 ? ["--resume"] : [])], state);
    await copying(runner);
    runner.child.kill("SIGKILL");
    expect(await runner.exited).toBe("SIGKILL");
    await running.written(100);
  }
  const last = stage.run([path], ["--resume"], state);
  expect({ code: await last.exited, errors: last.errors() }).toEqual({ code: 0, errors: "" });
  expect(last.events.at(-1)).toMatchObject({ event: "report", filesMoved: 1, filesFailed: 0 });
  await running.written(200);
  expect(await running.stop()).toMatchObject({ errors: 0, firstError: "", stale: 0, torn: 0 });
  expect(await compareAgain()).toMatchObject({ lost: 0, sizeBytes });
});

it.each([
  ["source", "b1"],
  ["destination", "b0"],
] as const)("loses no acknowledged write when the %s is killed in the middle", async (_, name) => {
  const { stage, path, running, compareAgain } = await underWriters();
  const state = scratch.path("journal");
  const runner = stage.run([path], slowly, state);
  await copying(runner);
  await stage.killAndRestart(name);
  // It may go on by itself, or tell that it could not; then it is started again.
  let code = await runner.exited;
  for (let attempt = 0; code !== 0 && attempt < 5; attempt += 1)
    code = await stage.run([path], ["--resume"], state).exited;
  expect(code).toBe(0);
  // Writes fail while the brick is away; afterwards the same descriptors write again.
  await running.nextPhase();
  await running.nextPhase();
  await running.written(400);
  const status = await running.stop();
  expect(status.heldLate).toBeGreaterThan(0);
  expect(status).toMatchObject({ stale: 0, firstStale: "", torn: 0 });
  expect(await compareAgain()).toMatchObject({ lost: 0, sizeBytes });
});
