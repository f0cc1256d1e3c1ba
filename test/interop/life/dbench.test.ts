import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

const SECONDS = sizeOf("DBENCH_SECONDS", 10);
/** Operations of dbench's load; each must have come. */
const OPERATIONS = [
  "NTCreateX",
  "Close",
  "Rename",
  "Unlink",
  "Qpathinfo",
  "Find",
  "WriteX",
  "ReadX",
  "Flush",
];

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it("is a file server's disk to dbench", async () => {
  const directory = `${volume.path}/dbench`;
  mkdirSync(directory);
  const { stdout, stderr } = await program("dbench", ["-D", directory, "-t", String(SECONDS), "4"]);
  const said = `${stdout}${stderr}`;
  // It goes on after an operation that failed otherwise than its recording says, and says so.
  expect(said).not.toMatch(/fail(?!ed to create barrier)|error|expected|no such file/i);
  expect(said).toMatch(/Throughput [\d.]+ MB\/sec {2}4 clients/);
  for (const operation of OPERATIONS) expect(said).toMatch(new RegExp(`^ ${operation} +[1-9]`, "m"));
  await volume.finish();
});
