import type { BrickClient } from "@brickshift/brick-client";
import { type SeededRandom, seededRandom } from "@brickshift/testkit";
import type { Gfid } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { RebalanceOptionsInput, RebalanceReport } from "../src/index.js";
import { readAnywhere, writeAnywhere } from "./file-clients.js";
import { troubledPort } from "./mortal-port.js";
import { makeFile, rebalance, twoBricks } from "./two-bricks.js";

const FILE_BYTES_MAX = 200_000;

/** A client that modifies one file as fast as it can, follows it to wherever it is, and remembers what it was promised. */
class Writer {
  readonly gfid: Gfid;
  content: Buffer;
  writes = 0;
  truncates = 0;
  readonly #bricks: BrickClient[];
  readonly #random: SeededRandom;
  readonly #pauses: number;
  #isStopped = false;

  /** @param pauses how often it takes a short rest, 0 to 1. */
  constructor(gfid: Gfid, content: Buffer, bricks: BrickClient[], random: SeededRandom, pauses: number) {
    this.#pauses = pauses;
    this.gfid = gfid;
    this.content = content;
    this.#bricks = bricks;
    this.#random = random;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#random.chance(0.02)) await this.#truncate();
      else await this.#write();
      if (this.#random.chance(this.#pauses))
        await new Promise((resolve) => setTimeout(resolve, this.#random.below(3)));
      if (this.#random.chance(0.8)) continue;
      const read = await readAnywhere(this.#bricks, this.gfid);
      // Nobody else writes this file: what is read is what was promised.
      if (read !== undefined && !read.equals(this.content)) throw new Error("a stale read");
    }
  }

  async #write(): Promise<void> {
    const offset = this.#random.below(FILE_BYTES_MAX - 2_000);
    const payload = this.#random.bytes(1 + this.#random.below(2_000));
    if (!(await writeAnywhere(this.#bricks, this.gfid, offset, payload))) return;
    this.writes += 1;
    this.#resize(Math.max(this.content.length, offset + payload.length));
    this.content.set(payload, offset);
  }

  async #truncate(): Promise<void> {
    const offset = this.#random.below(FILE_BYTES_MAX);
    for (const brick of this.#bricks) {
      const isDone = await brick.fops.truncate({ gfid: this.gfid, offset }).then(
        () => true,
        () => false,
      );
      if (!isDone) continue;
      this.truncates += 1;
      this.#resize(offset);
      return;
    }
  }

  #resize(bytes: number): void {
    const resized = Buffer.alloc(bytes);
    this.content.copy(resized);
    this.content = resized;
  }
}

interface Walk {
  readonly report: RebalanceReport;
  readonly lost: number;
  readonly writes: number;
  readonly truncates: number;
}

async function walk(seed: number, recallTimeoutMs: number, options: RebalanceOptionsInput): Promise<Walk> {
  const isTroubled = recallTimeoutMs < 100;
  const bricks = await twoBricks({ leases: { recallTimeoutMs } });
  const random = seededRandom(seed);
  const writers: Writer[] = [];
  for (let index = 0; index < 4; index += 1) {
    const content = Buffer.from(random.bytes(index === 0 ? 2_000 : isTroubled ? 60_000 : 150_000));
    const gfid = await makeFile(bricks.source, `f${index}`, content);
    const clients = [await bricks.connect("b0"), await bricks.connect("b1")];
    writers.push(
      new Writer(gfid, content, clients, seededRandom(seed * 100 + index), isTroubled ? 0.8 : 0.02),
    );
  }
  const running = writers.map((writer) => writer.run());
  const faults: unknown[] = [];
  for (const run of running) run.catch((error: unknown) => faults.push(error));
  const { destination } = bricks;
  const [from, to] = isTroubled
    ? [troubledPort(bricks.source, random, 8), troubledPort(destination, random, 8)]
    : [bricks.source, destination];
  const report = await rebalance(options).run({ source: from, destination: to });
  for (const writer of writers) writer.stop();
  await Promise.allSettled(running);
  let lost = faults.length;
  for (const { gfid, content } of writers) {
    const seen = await readAnywhere([destination, bricks.source], gfid);
    if (seen === undefined || !content.equals(seen)) lost += 1;
  }
  await bricks.close();
  const sum = (count: (writer: Writer) => number) =>
    writers.reduce((total, writer) => total + count(writer), 0);
  return { report, lost, writes: sum(({ writes }) => writes), truncates: sum(({ truncates }) => truncates) };
}

const hot: RebalanceOptionsInput = {
  concurrency: 4,
  copy: {
    chunkBytes: 2_048,
    passesMax: 16,
    finalBytesMax: 8_192,
    backoffMs: 1,
    backoffMaxMs: 5,
    replaysMax: 200,
  },
};

describe.each([5_000, 40])(
  "with a recall timeout of %i ms; when it is short, over a bad network",
  (recallTimeoutMs) => {
    it("moves files that are written all the while, and loses no write", async () => {
      const totals = { moved: 0, recalls: 0, writes: 0, truncates: 0, replays: 0 };
      for (let seed = 1; seed <= (recallTimeoutMs < 100 ? 4 : 8); seed += 1) {
        const { report, lost, writes, truncates } = await walk(seed, recallTimeoutMs, hot);
        expect({ seed, lost }).toEqual({ seed, lost: 0 });
        // Over a bad network and with no time to finish, a file may stay where it is: busy, and whole.
        const isBusy = Object.keys(report.counts.reasons).every((reason) => reason === "REBALANCE_BUSY");
        expect(recallTimeoutMs < 100 ? isBusy : report.counts.moved === 4).toBe(true);
        totals.moved += report.counts.moved;
        totals.recalls += report.counts.recalls;
        totals.replays += report.counts.replays;
        totals.writes += writes;
        totals.truncates += truncates;
      }
      expect(totals.moved).toBeGreaterThan(8);
      expect(totals.recalls).toBeGreaterThan(20);
      expect(totals.writes).toBeGreaterThan(200);
      expect(totals.truncates).toBeGreaterThan(2);
      expect(recallTimeoutMs >= 100 || totals.replays > 3).toBe(true);
    });
  },
);

it("loses writes when it copies without protection: the walk would notice", async () => {
  let lost = 0;
  for (let seed = 1; seed <= 4; seed += 1)
    lost += (await walk(seed, 5_000, { ...hot, protection: "none" })).lost;
  expect(lost).toBeGreaterThan(0);
});
