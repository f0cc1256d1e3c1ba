import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Dict,
  type Gfid,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, namesIn, readAll, type ServedBrick, serveBrick } from "./served-brick.js";

const MIB = 1_048_576;
const content = randomBytes(4 * MIB);
let scratch: string;
let source: ServedBrick;
let destination: ServedBrick;
let gfid: Gfid;
const running: RunnerProcess[] = [];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "meanwhile-"));
  source = await serveBrick("b0", join(scratch, "b0"));
  destination = await serveBrick("b1", join(scratch, "b1"));
  gfid = await makeFile(source.client, "f", content);
});
afterEach(async () => {
  for (const runner of running.splice(0)) {
    runner.child.kill("SIGKILL");
    await runner.exited;
  }
  await Promise.all([source.stop(), destination.stop()]);
  rmSync(scratch, { recursive: true, force: true });
});

interface HeldUp {
  readonly runner: RunnerProcess;
  /** Lets fops of our client through while the runner is held up. */
  readonly xdata: Dict;
  /** Lets the runner go on. */
  readonly goOn: () => Promise<unknown>;
}

/** A run in the middle of the file, with seconds to go; it goes on as soon as the lease that we hold is given back. */
async function heldUp(): Promise<HeldUp> {
  const runner = start("--bytes-per-second", String(MIB));
  await runner.until(({ event, bytesCopied }) => event === "progress" && Number(bytesCopied) > 0);
  const leaseId = leaseIdFromRandom(randomBytes(15));
  const { lease } = source.client.fops;
  const ask = { leaseId, leaseType: LeaseType.readWrite, leaseFlags: 0, cmd: LeaseCmd.set };
  await lease({ gfid, lease: ask, xdata: xdataOf({ leaseScope: "data" }) });
  const goOn = () => lease({ gfid, lease: { ...ask, leaseType: LeaseType.none, cmd: LeaseCmd.unlock } });
  return { runner, xdata: xdataOf({ leaseId }), goOn };
}

function start(...more: readonly string[]): RunnerProcess {
  const ends = ["--source", source.url, "--destination", destination.url];
  const runner = new RunnerProcess(["run", ...ends, "--state", join(scratch, "state"), "--json", ...more]);
  running.push(runner);
  return runner;
}

describe("a file that moves and meanwhile", () => {
  it("is removed has vanished, and nothing of it is left", async () => {
    const { runner, xdata } = await heldUp();
    // The lease ends with the file.
    await source.client.fops.unlink({ pargfid: ROOT_GFID, bname: "f", xdata });
    expect(await runner.exited, runner.errors).toBe(0);
    expect(runner.last).toMatchObject({ event: "report", filesMoved: 0, filesVanished: 1, filesFailed: 0 });
    expect(await namesIn(source.client)).toEqual([]);
    expect(await namesIn(destination.client)).toEqual([]);
  });

  it("is renamed moves under its new name", async () => {
    const { runner, xdata, goOn } = await heldUp();
    const names = { oldbname: "f", newbname: "g", xdata };
    await source.client.fops.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, ...names });
    await goOn();
    expect(await runner.exited, runner.errors).toBe(0);
    expect(runner.last).toMatchObject({ event: "report", filesMoved: 1, filesFailed: 0 });
    expect(await namesIn(destination.client)).toEqual(["g"]);
    expect((await readAll(destination.client, gfid)).equals(content)).toBe(true);
  });
});

describe("a second runner", () => {
  it("with the journal of one that runs is refused with 5, and told whom to wait for", async () => {
    const { runner: first, goOn } = await heldUp();
    const second = start();
    expect(await second.exited).toBe(5);
    expect(second.errors).toContain(`process ${first.child.pid} is using it; end that one, or use another`);
    expect(second.errors).toContain(`(journal in ${join(scratch, "state")})`);
    first.child.kill("SIGINT");
    expect(await first.exited, first.errors).toBe(130);
    await goOn();
    expect((await readAll(source.client, gfid)).equals(content)).toBe(true);
    expect(await namesIn(destination.client)).toEqual([]);
  });

  it("with a journal of its own leaves the file to the first with 1, which ends its move", async () => {
    const { runner: first, goOn } = await heldUp();
    const second = start("--state", join(scratch, "other"));
    expect(await second.exited).toBe(1);
    expect(second.last).toMatchObject({
      filesMoved: 0,
      filesFailed: 1,
      failures: [{ path: "/f", outcome: { code: "REBALANCE_OTHER_RUNNER" } }],
    });
    expect(JSON.stringify(second.last?.["failures"])).toMatch(/holds the lock .* wait until it is free/);
    await goOn();
    expect(await first.exited, first.errors).toBe(0);
    expect(first.last).toMatchObject({ filesMoved: 1, filesFailed: 0 });
    expect((await readAll(destination.client, gfid)).equals(content)).toBe(true);
  });
});
