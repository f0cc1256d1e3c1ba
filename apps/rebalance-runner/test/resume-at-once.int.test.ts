import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startHalfOpenProxy } from "./half-open-proxy.js";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, readAll, type ServedBrick, serveBrick } from "./served-brick.js";

const MIB = 1_048_576;
let scratch: string;
let source: ServedBrick;
let destination: ServedBrick;
let proxy: Awaited<ReturnType<typeof startHalfOpenProxy>>;
const running: RunnerProcess[] = [];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "resume-"));
  source = await serveBrick("b0", join(scratch, "b0"));
  destination = await serveBrick("b1", join(scratch, "b1"));
  proxy = await startHalfOpenProxy(Number(new URL(source.url).port));
});
afterEach(async () => {
  for (const runner of running.splice(0)) {
    runner.child.kill("SIGKILL");
    await runner.exited;
  }
  proxy.close();
  await Promise.all([source.stop(), destination.stop()]);
  rmSync(scratch, { recursive: true, force: true });
});

function start(...more: readonly string[]): RunnerProcess {
  const ends = ["--source", `gluster://127.0.0.1:${proxy.port}/b0`, "--destination", destination.url];
  const state = ["--state", join(scratch, "state"), "--json"];
  const runner = new RunnerProcess(["run", ...ends, ...state, ...more]);
  running.push(runner);
  return runner;
}

it("a run that is resumed while the brick still serves its killed predecessor waits for it, and moves the file", async () => {
  const content = randomBytes(4 * MIB);
  const gfid = await makeFile(source.client, "f", content);
  const first = start("--bytes-per-second", String(MIB));
  await first.until(({ event, bytesCopied }) => event === "progress" && Number(bytesCopied) > 0);
  first.child.kill("SIGKILL");
  await first.exited;
  const second = start("--resume");
  // Longer than it waits for a lock that cannot be its own: by then it would have given the file up.
  const end = await Promise.race([second.exited, setTimeout(4_000, "waiting")]);
  expect([end, second.errors]).toEqual(["waiting", expect.any(String)]);
  expect(proxy.unnoticed).toBe(1);
  proxy.notice();
  expect(await second.exited, second.errors).toBe(0);
  expect(second.last).toMatchObject({ event: "report", filesMoved: 1, filesFailed: 0 });
  expect((await readAll(destination.client, gfid)).equals(content)).toBe(true);
});
