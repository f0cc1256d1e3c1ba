import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunnerEvent, RunnerProcess } from "./runner-process.js";

let scratch: string;
let from: string;
const filesInTree = 60;
const running: RunnerProcess[] = [];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "demo-"));
  from = join(scratch, "from");
  for (let index = 0; index < filesInTree; index += 1) {
    const directory = join(from, `d${index % 5}`, "deep");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${index}`), Buffer.alloc(index * 700, index));
  }
  symlinkSync("d0/deep/f0", join(from, "link"));
});

afterEach(async () => {
  for (const runner of running.splice(0)) {
    runner.child.kill("SIGKILL");
    await runner.exited;
  }
  rmSync(scratch, { recursive: true, force: true });
});

function start(...args: readonly string[]): RunnerProcess {
  const runner = new RunnerProcess([...args, "--json"]);
  running.push(runner);
  return runner;
}

const small = (directory: string) => [
  ...[
    "--from",
    from,
    "--dir",
    join(scratch, directory),
    "--large-files",
    "2",
    "--large-bytes",
    String(48 * 2 ** 20),
  ],
  ...["--writers", "3", "--rate", "400", "--baseline", "0.5"],
];

describe("the demo", () => {
  it("moves everything while writers write, and loses no write", async () => {
    const demo = start("demo", ...small("run"));
    expect(await demo.exited, demo.errors).toBe(0);
    expect(demo.last).toMatchObject({
      event: "report",
      lostWrites: 0,
      damagedFiles: [],
      filesMoved: filesInTree + 3,
      filesTotal: filesInTree + 3,
      filesFailed: 0,
      filesRead: filesInTree + 2,
      writerErrors: [],
      writesUnanswered: 0,
    });
    const { bytesMoved, seconds, recalls, replays, transactions, writerLatencyMs, blocksChecked } =
      demo.last as RunnerEvent;
    expect([bytesMoved, seconds, recalls, replays, transactions]).toEqual(
      Array.from({ length: 5 }, () => expect.any(Number)),
    );
    expect(writerLatencyMs).toMatchObject({
      before: { p99Ms: expect.any(Number) },
      during: { maxMs: expect.any(Number) },
    });
    // The check is worth nothing if writers and runner never met.
    expect(recalls).toBeGreaterThan(0);
    expect(blocksChecked).toBeGreaterThan(100);
  });

  it("without protection loses writes: the control that proves that the check can fail", async () => {
    // One run is enough nearly always; chance decides whether a write falls between a read and its write.
    const losses: number[] = [];
    const codes: unknown[] = [];
    for (let attempt = 0; attempt < 5 && codes.at(-1) !== 4; attempt += 1) {
      const demo = start("demo", ...small(`run-${attempt}`), "--protection", "none");
      codes.push(await demo.exited);
      expect(demo.events[0]).toMatchObject({ event: "control", protection: "none" });
      losses.push(demo.last?.["lostWrites"] as number);
    }
    expect(losses.at(-1)).toBeGreaterThan(0);
    expect(codes.at(-1)).toBe(4);
  });

  it("stops in order on Ctrl-C, and --resume finishes it without a lost write", async () => {
    const first = start("demo", ...small("run"));
    await first.until(
      (event) => event.event === "progress" && (event as { bytesMoved?: number }).bytesMoved !== 0,
    );
    first.child.kill("SIGINT");
    expect(await first.exited, first.errors).toBe(130);
    expect(first.last).toMatchObject({ event: "interrupted" });

    const second = start("demo", "--resume", "--dir", join(scratch, "run"));
    expect(await second.exited, second.errors).toBe(0);
    expect(second.last).toMatchObject({
      event: "report",
      lostWrites: 0,
      damagedFiles: [],
      filesRead: filesInTree + 2,
    });
  });

  it("interrupted while the source is filled, starts over", async () => {
    const first = start("demo", ...small("run"));
    await first.until((event) => event.event === "bricks");
    first.child.kill("SIGINT");
    expect(await first.exited).toBe(130);
    const second = start("demo", "--resume", "--dir", join(scratch, "run"));
    expect(await second.exited, second.errors).toBe(0);
    expect(second.last).toMatchObject({ lostWrites: 0, filesRead: filesInTree + 2 });
  });

  it("survives kill -9 of runner and bricks at random moments", { timeout: 300_000 }, async () => {
    // What is written in a second is copied in less, also on a machine that has much else to do: else the last round is long.
    const sizes = ["--large-bytes", String(16 * 2 ** 20), "--rate", "40"];
    const soak = start("soak", ...small("run"), ...sizes, "--minutes", "0.3", "--kill-every", "1.5");
    expect(await soak.exited, soak.errors).toBe(0);
    expect(soak.last).toMatchObject({ event: "report", lostWrites: 0, damagedFiles: [], writerErrors: [] });
    const kills = soak.last?.["kills"] as { runner: number; source: number; destination: number };
    expect(kills.runner + kills.source + kills.destination).toBeGreaterThan(3);
    // The last round is left alone, so that it ends.
    const after = soak.events.slice(soak.events.findIndex(({ event }) => event === "kills-over"));
    expect(after[0]).toMatchObject({ event: "kills-over" });
    expect(after.filter(({ event }) => event === "killed")).toEqual([]);
    expect(after.filter(({ event }) => event === "round").length).toBeLessThan(2);
  });

  it("does not write over another demo, and says how to go on with it", async () => {
    const first = start("demo", ...small("run"), "--writers", "0", "--large-files", "0");
    expect(await first.exited, first.errors).toBe(0);
    const second = start("demo", ...small("run"));
    expect(await second.exited).toBe(2);
    expect(second.errors).toContain("--resume --dir");
    expect(readdirSync(join(scratch, "run"))).toContain("manifest.ndjson");
  });
});

it.each([
  [["run"], /--source/],
  [["run", "--source", "x", "--destination", "gluster://h:1/b"], /gluster:\/\/HOST\[:PORT\]\/BRICK/],
  [["demo", "--writers", "many"], /whole number from 0 to 64/],
  [["demo", "--protection", "some"], /lease, none/],
  [["demo", "--resume", "--dir", "/nonexistent/demo"], /no demo to resume/],
])("%j is refused with 2 and what to write instead", async (args, message) => {
  const runner = start(...args);
  expect(await runner.exited).toBe(2);
  expect(runner.errors).toMatch(message);
});
