import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, type SeededRandom } from "@brickshift/testkit";
import { gfidValue, OpenFlags, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { afterEach, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";
import { mutateSession } from "./fuzz/mutate-session.js";
import { readSessions } from "./fuzz/session-file.js";
import { type Leaving, sendAsPeer } from "./fuzz/spoilt-peer.js";

const SEED = Number(process.env["BRICKSHIFT_SEED"] ?? 1);
/** Batches for each seed; by hand as many as there is time for. */
const BATCHES = Number(process.env["BRICKSHIFT_FUZZ_BATCHES"] ?? 40);
const SESSIONS_PER_BATCH = 24;
/** Batches after which the brick is ended and its store checked. */
const BATCHES_PER_CHECK = 20;
const RSS_BYTES_MAX = 600 * 1_048_576;

const directory = mkdtempSync(join(tmpdir(), "brickshift-fuzz-"));
const running: EmulatorProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (emulator) => emulator.end("SIGKILL")));
  rmSync(directory, { recursive: true, force: true });
});

async function startBrick(): Promise<{ readonly emulator: EmulatorProcess; readonly address: string }> {
  const emulator = new EmulatorProcess(
    ["serve", "--brick", `b0=${directory}`, "--recall-timeout", "200", "--json"],
    { keepsOutput: true },
  );
  running.push(emulator);
  return { emulator, address: await emulator.listening() };
}

/** What a client finds that does everything right. */
async function useWell(address: string, round: number): Promise<void> {
  const client = await clientOf(address, "b0");
  const gfid = parseGfid(`bbbbbbbb-0000-4000-8000-${round.toString(16).padStart(12, "0")}`);
  const bname = `well-behaved-${round}`;
  const payload = new TextEncoder().encode(`round ${round}`);
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  const flags = OpenFlags.rdwr;
  const { fd } = await client.fops.create({ pargfid: ROOT_GFID, flags, mode: 0o100644, bname, xdata });
  await client.fops.write({ gfid, fd, offset: 0, payload });
  const read = await client.fops.read({ gfid, fd, offset: 0, size: 99 });
  expect(read.payload).toEqual(payload);
  await client.fops.unlink({ pargfid: ROOT_GFID, bname });
  await client.close();
}

function rssBytes(emulator: EmulatorProcess): number {
  const status = readFileSync(`/proc/${emulator.child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

/** Ends the brick in order and has its store checked. */
async function checkStore(emulator: EmulatorProcess): Promise<void> {
  expect(await emulator.end("SIGTERM")).toBe(0);
  expect(emulator.errors).toBe("");
  const fsck = new EmulatorProcess(["fsck", directory], { keepsOutput: true });
  const code = await fsck.exited;
  expect(code, `${fsck.output}${fsck.errors}`).toBe(0);
  // What was removed while it was open may be left to the next start: that is sound.
  expect(fsck.output).toMatch(/: sound(, with the above dealt with)?\n$/);
}

async function sendBatch(
  port: number,
  sessions: readonly (readonly Uint8Array[])[],
  random: SeededRandom,
  ways: Set<string>,
): Promise<number> {
  const peers = Array.from({ length: SESSIONS_PER_BATCH }, async () => {
    const { bytes, how } = mutateSession(random.pick(sessions), random);
    for (const way of how) ways.add(way);
    return sendAsPeer(port, bytes, random.pick<Leaving>(["end", "reset", "stay"]));
  });
  const received = await Promise.all(peers);
  return received.reduce((sum, bytes) => sum + bytes, 0);
}

it(`lives through ${BATCHES} batches of spoilt sessions, seed ${SEED}, serves others well and keeps its store sound`, async () => {
  const sessions = [...readSessions().values()];
  const ways = new Set<string>();
  let received = 0;
  let log = "";
  let { emulator, address } = await startBrick();
  for (let batch = 1; batch <= BATCHES; batch += 1) {
    // A batch is played again alone by its own seed.
    const seed = SEED + batch - 1;
    const port = Number(new URL(address).port);
    try {
      received += await sendBatch(port, sessions, seededRandom(seed), ways);
      await useWell(address, batch);
      expect(emulator.child.exitCode).toBeNull();
      expect(rssBytes(emulator)).toBeLessThan(RSS_BYTES_MAX);
      if (batch % BATCHES_PER_CHECK === 0 || batch === BATCHES) {
        await checkStore(emulator);
        log += emulator.output;
        ({ emulator, address } = await startBrick());
      }
    } catch (cause) {
      const said = `${emulator.output.slice(-4_000)}${emulator.errors}`;
      throw new Error(`BRICKSHIFT_SEED=${seed} BRICKSHIFT_FUZZ_BATCHES=1 plays it again: ${said}`, { cause });
    }
  }
  // The walk is worth nothing if it was refused at the door, or some way to spoil never came.
  expect(received).toBeGreaterThan(BATCHES * 10_000);
  expect(ways.size).toBeGreaterThan(8);
  expect(log).toContain('"event":"garbage"');
  expect(log).toContain('"event":"session-refused"');
  expect(log.split("\n").filter((line) => line.includes('"event":"fault"'))).toEqual([]);
}, 10_000_000);
