import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmallDisk } from "@brickshift/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, namesIn, readAll, type ServedBrick, serveBrick } from "./served-brick.js";

const MIB = 1_048_576;
let scratch: string;
let disk: SmallDisk;
let roomy: ServedBrick;
/** The one on the small disk. */
let small: ServedBrick;
const endings: (() => unknown)[] = [];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "full-disk-"));
  endings.push(() => rmSync(scratch, { recursive: true, force: true }));
  disk = SmallDisk.mount(join(scratch, "disk"), 24 * MIB);
  endings.push(() => disk.unmount());
  roomy = await serveBrick("roomy", join(scratch, "roomy"));
  endings.push(() => roomy.stop());
  small = await serveBrick("small", join(disk.directory, "small"));
  endings.push(() => small.stop());
});
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("a file that the destination has no room for stays on the source, and the rest goes on", async () => {
  const [source, destination] = [roomy, small];
  const contents = new Map([
    ["a", randomBytes(50_000)],
    ["big", randomBytes(40 * MIB)],
    ["c", randomBytes(3 * MIB)],
    ["d", randomBytes(50_000)],
  ]);
  const gfids = new Map();
  for (const [name, content] of contents) gfids.set(name, await makeFile(source.client, name, content));
  const before = disk.freeBytes;

  const ends = ["--source", source.url, "--destination", destination.url];
  const state = join(scratch, "state");
  const runner = new RunnerProcess(["run", ...ends, "--state", state, "--concurrency", "1", "--json"]);
  expect(await runner.exited, runner.errors).toBe(1);
  expect(runner.last).toMatchObject({ event: "report", filesMoved: 3, filesFailed: 1 });
  expect(runner.last?.["failures"]).toMatchObject([
    {
      path: "/big",
      outcome: {
        code: "REBALANCE_DESTINATION_FULL",
        message: expect.stringMatching(/^\/big: .*ENOSPC.*make room on the destination and run again$/),
      },
    },
  ]);

  expect(await namesIn(destination.client)).toEqual(["a", "c", "d"]);
  for (const [name, content] of contents) {
    const { client } = name === "big" ? source : destination;
    expect(digest(await readAll(client, gfids.get(name)))).toBe(digest(content));
  }
  // What was copied of it is gone from the disk too.
  expect(before - disk.freeBytes).toBeLessThan(6 * MIB);
  const verify = new RunnerProcess(["verify", ...ends, "--json"]);
  expect(await verify.exited, verify.errors).toBe(0);
  expect(verify.last).toMatchObject({ ok: true, onSource: 1, onDestination: 3 });
});

it("files move away from a source whose disk is full to the last block", async () => {
  const contents = new Map(
    Array.from({ length: 300 }, (_, index) => [`file-${index}`, randomBytes(40_000)] as const),
  );
  const gfids = new Map();
  for (const [name, content] of contents) gfids.set(name, await makeFile(small.client, name, content));
  disk.fill();
  expect(disk.freeBytes).toBe(0);

  const ends = ["--source", small.url, "--destination", roomy.url];
  const runner = new RunnerProcess(["run", ...ends, "--state", join(scratch, "state"), "--json"]);
  expect(await runner.exited, runner.errors).toBe(0);
  expect(runner.last).toMatchObject({ event: "report", filesMoved: 300, filesFailed: 0 });
  for (const [name, content] of contents) {
    expect(digest(await readAll(roomy.client, gfids.get(name)))).toBe(digest(content));
  }
  expect(disk.freeBytes).toBeGreaterThan(300 * 40_000 - MIB);
});
