import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readAckLog } from "../src/demo/ack-log.js";
import { connectBrick } from "../src/connect-brick.js";
import { parseBrickUrl } from "../src/brick-url.js";
import { BrickProcess } from "../src/demo/brick-process.js";
import type { ManifestFile } from "../src/demo/manifest.js";
import type { WriterSpec } from "../src/demo/writer.js";
import { childrenOf } from "./child-processes.js";
import { makeFile } from "./served-brick.js";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
/** More than this many listeners of one event are a leak, unless Node is told otherwise. */
const listenersMax = 10;
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "writer-"));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

it("a writer comes round again with all that it has in flight, and Node warns of no leak", async () => {
  const before = childrenOf(process.pid);
  const brick = new BrickProcess("b0", join(scratch, "b0"));
  await brick.start();
  const [brickPid] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
  if (brickPid === undefined) throw new Error("no brick");
  const client = await connectBrick(parseBrickUrl(brick.url), { processName: "test" });
  const sizeBytes = 4 * 2 ** 20;
  const gfid = await makeFile(client, "f", Buffer.alloc(sizeBytes));
  await client.close();
  const manifestPath = join(scratch, "manifest");
  const stat = { mode: 0o100640, mtimeSec: 0, mtimeNsec: 0 };
  const file: ManifestFile = { index: 0, path: "f", gfid, sizeBytes, ...stat, origin: { seed: 1 } };
  writeFileSync(manifestPath, `${JSON.stringify(file)}\n`);
  const ackLogPath = join(scratch, "acks");
  const order = { writer: 0, writers: 1, ratePerSecond: 2_000, bricks: [brick.url] };
  const spec: WriterSpec = { ...order, manifestPath, ackLogPath };
  const writer = fork(cli, ["demo-writer"], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  writer.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = once(writer, "close");
  writer.send(spec);
  await once(writer, "message");
  process.kill(brickPid, "SIGSTOP");
  const inFlight = () =>
    [...readAckLog(ackLogPath).values()].filter(({ attempted, acknowledged }) => attempted > acknowledged)
      .length;
  while (inFlight() <= listenersMax) await sleep(20);
  await brick.kill();
  await brick.start();
  writer.send({ type: "stop" });
  expect(await exited).toEqual([0, null]);
  expect(errors).toBe("");
  expect(inFlight()).toBe(0);
  await brick.stop();
});
