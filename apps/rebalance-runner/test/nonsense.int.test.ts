import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@brickshift/testkit";
import { errorCodes, type Gfid } from "@brickshift/wire";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, namesIn, readAll, type ServedBrick, serveBrick } from "./served-brick.js";
import { type Spoil, startSpoilingProxy } from "./spoiling-proxy.js";

const SEED = Number(process.env["BRICKSHIFT_SEED"] ?? 1);
const contents = [Buffer.alloc(300_000, "large "), Buffer.from("small"), Buffer.alloc(0)];
const scratch = mkdtempSync(join(tmpdir(), "nonsense-"));
let source: ServedBrick;
let destination: ServedBrick;
const gfids: Gfid[] = [];
const running: RunnerProcess[] = [];
const proxies: { close(): void }[] = [];

beforeAll(async () => {
  source = await serveBrick("b0", join(scratch, "b0"));
  destination = await serveBrick("b1", join(scratch, "b1"));
  for (const [index, content] of contents.entries()) {
    gfids.push(await makeFile(source.client, `f${index}`, content));
  }
}, 120_000);
afterAll(async () => {
  for (const proxy of proxies) proxy.close();
  for (const { child, exited } of running) {
    child.kill("SIGKILL");
    await exited;
  }
  await Promise.all([source.stop(), destination.stop()]);
  rmSync(scratch, { recursive: true });
});

const random = seededRandom(SEED);
/** An answer keeps the number of its call and that it is an answer: what it answers is nonsense. */
const HEAD_BYTES = 24;
const spoils: Readonly<Record<string, Spoil>> = {
  "random bytes": (record) =>
    Uint8Array.of(...record.subarray(0, HEAD_BYTES), ...random.bytes(random.below(64))),
  "half of the answer": (record) => record.subarray(0, HEAD_BYTES + ((record.length - HEAD_BYTES) >> 1)),
  "lengths that are endless": (record) => Uint8Array.from(record).fill(0xff, HEAD_BYTES),
  "text of another protocol": () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
};

async function run(sourceUrl: string, destinationUrl: string, state: string) {
  const args = [
    "--source",
    sourceUrl,
    "--destination",
    destinationUrl,
    "--state",
    join(scratch, state),
    "--json",
  ];
  const runner = new RunnerProcess(["run", ...args]);
  running.push(runner);
  return { code: await runner.exited, runner };
}

/** Every code that a message or an event names is a published one, and there is one. */
function checkCodes(text: string): void {
  const codes = text.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? [];
  const families = new Set(Object.keys(errorCodes).map((code) => code.slice(0, code.indexOf("_"))));
  const ours = codes.filter((code) => families.has(code.slice(0, code.indexOf("_"))));
  expect(ours.length, text).toBeGreaterThan(0);
  expect(ours.filter((code) => !(code in errorCodes))).toEqual([]);
}

/** A file that the source does not show has moved, or is half-way through its flip: then the destination keeps it. */
async function expectKept(): Promise<void> {
  const there = await namesIn(destination.client);
  for (const [index, gfid] of gfids.entries()) {
    const onSource = await readAll(source.client, gfid).catch(() => undefined);
    const isKept =
      onSource === undefined ? there.includes(`f${index}`) : onSource.equals(contents[index] as Buffer);
    expect(isKept, `f${index}`).toBe(true);
  }
}

const early = Object.keys(spoils).flatMap((name) => [
  [name, "source", 2] as const,
  [name, "destination", 2] as const,
]);
const late = [["random bytes", "source", 12] as const, ["half of the answer", "destination", 12] as const];

it.each([...early, ...late])(
  "a brick that answers with %s, as %s, after %i answers: the run ends with a code, and nothing is gone",
  async (name, end, sound) => {
    const brick = end === "source" ? source : destination;
    const url = new URL(brick.url);
    const proxy = await startSpoilingProxy(Number(url.port), sound, spoils[name] as Spoil);
    proxies.push(proxy);
    url.port = String(proxy.port);
    const ends =
      end === "source" ? ([String(url), destination.url] as const) : ([source.url, String(url)] as const);
    const { code, runner } = await run(...ends, `${end}-${sound}-${name.slice(0, 4)}`);
    expect(proxy.spoilt).toBeGreaterThan(0);
    expect([1, 3]).toContain(code);
    checkCodes(`${runner.errors} ${JSON.stringify(runner.events)}`);
    await expectKept();
  },
);

it("and a run with the bricks as they are moves everything afterwards", async () => {
  const { code, runner } = await run(source.url, destination.url, "last");
  expect(code, runner.errors).toBe(0);
  expect(await namesIn(destination.client)).toEqual(["f0", "f1", "f2"]);
  for (const [index, gfid] of gfids.entries()) {
    expect(await readAll(destination.client, gfid)).toEqual(contents[index]);
  }
});
