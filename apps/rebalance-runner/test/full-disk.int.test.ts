import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, namesIn, readAll, type ServedBrick, serveBrick } from "./served-brick.js";

const MIB = 1_048_576;
let scratch: string;
let disk: string;
let roomy: ServedBrick;
/** The one on the small disk. */
let small: ServedBrick;
const endings: (() => unknown)[] = [];

/** @throws Error where no file system may be mounted: there is no other way to a disk that is really full. */
function mountSmallDisk(directory: string): void {
  mkdirSync(directory);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", directory], { stdio: "pipe" });
  } catch (cause) {
    const message =
      "this test mounts a file system of 24 MiB: run it as root, with CAP_SYS_ADMIN in a container";
    throw new Error(message, { cause });
  }
  endings.push(() => execFileSync("umount", [directory]));
}

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "full-disk-"));
  endings.push(() => rmSync(scratch, { recursive: true, force: true }));
  disk = join(scratch, "disk");
  mountSmallDisk(disk);
  roomy = await serveBrick("roomy", join(scratch, "roomy"));
  endings.push(() => roomy.stop());
  small = await serveBrick("small", join(disk, "small"));
  endings.push(() => small.stop());
});
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const freeBytes = () => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

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
  const before = freeBytes();

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
  expect(before - freeBytes()).toBeLessThan(6 * MIB);
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
  expect(() => {
    for (;;) appendFileSync(join(disk, "of somebody else"), Buffer.alloc(4_096));
  }).toThrow("ENOSPC");
  expect(freeBytes()).toBe(0);

  const ends = ["--source", small.url, "--destination", roomy.url];
  const runner = new RunnerProcess(["run", ...ends, "--state", join(scratch, "state"), "--json"]);
  expect(await runner.exited, runner.errors).toBe(0);
  expect(runner.last).toMatchObject({ event: "report", filesMoved: 300, filesFailed: 0 });
  for (const [name, content] of contents) {
    expect(digest(await readAll(roomy.client, gfids.get(name)))).toBe(digest(content));
  }
  expect(freeBytes()).toBeGreaterThan(300 * 40_000 - MIB);
});
