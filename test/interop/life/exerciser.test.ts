import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program, programEnd } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

/** Of all files together. */
const OPERATIONS = sizeOf("OPS", 100_000);
const SEED = sizeOf("SEED", 20_261_127);
const FILES = 3;
const source = fileURLToPath(new URL("../support/exerciser.c", import.meta.url));

let scratch: Scratch;
let volume: LiveVolume;
let exerciser: string;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
  exerciser = scratch.path("exerciser");
  await program("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", exerciser, source]);
});
afterEach(() => scratch.end());

it(
  `keeps ${FILES} files as their model through ${OPERATIONS} operations`,
  async () => {
    const each = String(Math.ceil(OPERATIONS / FILES));
    const timeoutMs = 540_000 + OPERATIONS * 20;
    const runs = Array.from({ length: FILES }, async (_, index) => {
      const args = [`${volume.path}/exercised${index}`, String(SEED + index), each];
      const { stdout } = await program(exerciser, args, { timeoutMs });
      return JSON.parse(stdout) as Record<string, number>;
    });
    for (const counts of await Promise.all(runs)) {
      for (const [operation, count] of Object.entries(counts)) expect(count, operation).toBeGreaterThan(0);
    }
    await volume.finish();
  },
  600_000 + OPERATIONS * 25,
);

it("says the seed and the operation when a file is not as the model: another writes it too", async () => {
  const path = `${volume.path}/disturbed`;
  writeFileSync(path, "");
  const file = await open(path, "r+");
  const over = new AbortController();
  const ended = programEnd(exerciser, [path, "1", "1000000"]).finally(() => over.abort());
  // It only ever writes: a mapping of the exerciser stays within the file.
  while (!over.signal.aborted) await file.write(Buffer.alloc(4_096, 0xee), 0, 4_096, 0);
  await file.close();
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/seed 1, operation \d+: /);
});
