import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BrickProcess } from "../src/demo/brick-process.js";
import { connectBrick } from "../src/connect-brick.js";
import { parseBrickUrl } from "../src/brick-url.js";
import type { WriterSpec } from "../src/demo/writer.js";
import { childrenOf, ended } from "./child-processes.js";
import { RunnerProcess } from "./runner-process.js";
import { makeFile } from "./served-brick.js";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const started: ChildProcess[] = [];
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "orphans-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});

it("what a demo under fire has started ends when the demo is ended by kill -9", async () => {
  const from = join(scratch, "from");
  mkdirSync(from);
  for (let index = 0; index < 20; index += 1) writeFileSync(join(from, `f${index}`), Buffer.alloc(9_000));
  const sizes = ["--large-files", "1", "--large-bytes", String(32 * 2 ** 20), "--writers", "2"];
  const args = ["soak", "--from", from, "--dir", join(scratch, "run"), ...sizes];
  const soak = new RunnerProcess([...args, "--minutes", "60", "--kill-every", "3600", "--json"]);
  await soak.until(({ event }) => event === "progress");
  const children = childrenOf(soak.child.pid ?? 0);
  expect(children.length).toBe(5);
  soak.child.kill("SIGKILL");
  await soak.exited;
  await ended(children);
});

it("a runner told to watch its standard input ends with it, although both bricks are gone", async () => {
  const bricks = [
    new BrickProcess("b0", join(scratch, "b0")),
    new BrickProcess("b1", join(scratch, "b1")),
  ] as const;
  for (const brick of bricks) await brick.start();
  const client = await connectBrick(parseBrickUrl(bricks[0].url), { processName: "test" });
  await makeFile(client, "f", Buffer.alloc(4 * 2 ** 20, 1));
  await client.close();
  const ends = ["--source", bricks[0].url, "--destination", bricks[1].url, "--state", join(scratch, "state")];
  const more = ["--bytes-per-second", String(2 ** 20), "--until-stdin-ends", "--json"];
  const runner = spawn(process.execPath, [cli, "run", ...ends, ...more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  started.push(runner);
  const exited = once(runner, "exit");
  await once(runner.stdout, "data");
  for (const brick of bricks) await brick.kill();
  runner.stdin.end();
  expect(await exited).toEqual([130, null]);
});

it("a writer whose parent goes before it has begun ends at once", async () => {
  const brick = new BrickProcess("b0", join(scratch, "b0"));
  await brick.start();
  const manifestPath = join(scratch, "manifest");
  // To be waited for until we have written it.
  execFileSync("mkfifo", [manifestPath]);
  const spec: WriterSpec = {
    writer: 0,
    writers: 1,
    ratePerSecond: 100,
    bricks: [brick.url],
    manifestPath,
    ackLogPath: join(scratch, "acks"),
  };
  const writer = fork(cli, ["demo-writer"], { serialization: "advanced" });
  started.push(writer);
  const exited = once(writer, "exit");
  writer.send(spec);
  // Opens when the writer has come to read it, and is connected.
  const manifest = await open(manifestPath, "w");
  writer.disconnect();
  await manifest.close();
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe(null);
  await brick.stop();
});
