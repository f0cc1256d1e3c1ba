import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

/** Multiplies the operations of each stressor. */
const FACTOR = sizeOf("STRESS_FACTOR", 1);

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

/** Stressors of stress-ng with how many operations of each, and its sizes. */
const groups: Record<string, Record<string, readonly [operations: number, ...args: string[]]>> = {
  "names and directories": {
    dir: [20],
    dirdeep: [20, "--dirdeep-inodes", "50"],
    dentry: [50],
    getdent: [20],
    link: [2],
    symlink: [2],
    rename: [50],
    touch: [50],
  },
  attributes: { chmod: [5], chown: [5], utime: [50] },
  data: {
    hdd: [100, "--hdd-bytes", "4M", "--hdd-opts", "rd-rnd,wr-rnd"],
    fallocate: [3, "--fallocate-bytes", "4M"],
    seek: [50, "--seek-size", "4M"],
    "sync-file": [1, "--sync-file-bytes", "1M"],
  },
};

it.each(Object.keys(groups))("passes stress-ng, %s", async (name) => {
  const directory = `${volume.path}/stress`;
  mkdirSync(directory);
  const stressors = Object.entries(groups[name] ?? {});
  const args = stressors.flatMap(([stressor, [operations, ...sizes]]) => [
    ...[`--${stressor}`, "1", `--${stressor}-ops`, String(operations * FACTOR)],
    ...sizes,
  ]);
  const { stdout, stderr } = await program("stress-ng", [
    "--temp-path",
    directory,
    "--verify",
    "--timeout",
    "60",
    ...args,
  ]);
  const said = `${stdout}${stderr}`;
  expect(said).not.toMatch(/fail:|error:|skipped|not supported/i);
  expect(said).toContain("successful run completed");
  await volume.finish();
});
