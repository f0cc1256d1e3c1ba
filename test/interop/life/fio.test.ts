import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

/** Of each file. */
const MIB = sizeOf("FIO_MIB", 8);

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it.each([
  ["in order, buffered", ["--rw=write", "--bs=128k"]],
  ["at random, three jobs, blocks of many sizes", ["--rw=randwrite", "--bsrange=512-64k", "--numjobs=3"]],
  [
    "mixed with reads, in a mapping",
    ["--rw=randrw", "--bs=4k", "--ioengine=mmap", "--numjobs=2", `--io_size=${MIB / 2}m`],
  ],
  ["in order, direct", ["--rw=write", "--bs=1m", "--direct=1"]],
  [
    "at random, direct, two jobs of eight requests at a time",
    ["--rw=randwrite", "--bs=4k", "--direct=1", "--ioengine=libaio", "--iodepth=8", "--numjobs=2"],
  ],
])("verifies what fio wrote %s", async (_how, args) => {
  const directory = `${volume.path}/fio`;
  mkdirSync(directory);
  const { stdout } = await program("fio", [
    "--name=job",
    `--directory=${directory}`,
    `--size=${MIB}m`,
    "--verify=crc32c",
    "--do_verify=1",
    "--verify_fatal=1",
    "--verify_state_save=0",
    "--output-format=json",
    ...args,
  ]);
  const { jobs } = JSON.parse(stdout) as FioReport;
  for (const job of jobs) {
    expect(job.error).toBe(0);
    expect(job.write.io_bytes).toBeGreaterThan(0);
    // What verification read.
    expect(job.read.io_bytes).toBeGreaterThan(0);
  }
  await volume.finish();
});

interface FioReport {
  readonly jobs: readonly {
    readonly error: number;
    readonly read: { readonly io_bytes: number };
    readonly write: { readonly io_bytes: number };
  }[];
}
