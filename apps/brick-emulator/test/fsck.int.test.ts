import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDiskStore } from "@brickshift/brick/store-disk";
import { gfidValue, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";

const directory = mkdtempSync(join(tmpdir(), "emulator-fsck-"));
const orphan = parseGfid("dddddddd-0000-4000-8000-000000000001");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  const emulator = new EmulatorProcess(["serve", "--brick", `b0=${directory}`, "--json"]);
  const client = await clientOf(await emulator.listening(), "b0");
  const gfid = parseGfid("dddddddd-0000-4000-8000-000000000002");
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  await client.fops.create({ pargfid: ROOT_GFID, flags: 2, mode: 0o100644, bname: "f", xdata });
  await client.fops.write({ gfid, fd: -2n, offset: 0, payload: Uint8Array.of(1, 2, 3) });
  await client.close();
  await emulator.end("SIGTERM");
});

async function fsck(...args: readonly string[]) {
  const process = new EmulatorProcess(["fsck", directory, ...args], { keepsOutput: true });
  const code = await process.exited;
  return { code, output: process.output };
}

it("finds a store sound that a brick left, and damage in one that has some, which it mends when told to", async () => {
  expect(await fsck()).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^2 objects, 1 names, 1 data .*: sound\n$/),
  });
  const store = await openDiskStore({ directory });
  await store.data.create(orphan);
  await store.close();
  const damaged = await fsck();
  expect(damaged.code).toBe(3);
  expect(damaged.output).toContain(`orphan-blob ${orphan}`);
  expect(damaged.output).toContain("NOT sound; --repair mends what can be mended");
  const lines = (await fsck("--json", "--repair")).output.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: "finding", kind: "orphan-blob", gfid: orphan, isRepaired: true },
    { event: "report", directory, objects: 2, isSound: true },
  ]);
  expect(await fsck()).toMatchObject({ code: 0, output: expect.stringMatching(/: sound\n$/) });
});

it.each([[["--repiar"]], [["--repiar", directory]]])(
  "tells of a mistyped option before it misses the store: %j",
  async (args) => {
    const process = new EmulatorProcess(["fsck", ...args]);
    expect(await process.exited).toBe(2);
    expect(process.errors).toContain("error: unknown option '--repiar'\n(Did you mean --repair?)\n");
    expect(process.errors).not.toContain("missing");
  },
);
