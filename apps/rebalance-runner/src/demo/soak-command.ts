import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, ExitCode, type ExitCodeValue } from "../exit-code.js";
import type { Output } from "../output.js";
import { BrickProcess } from "./brick-process.js";
import { runAudit } from "./demo-audit.js";
import { DemoDirectory, type DemoSettings } from "./demo-directory.js";
import { DemoProgress } from "./demo-progress.js";
import { demoReport } from "./demo-report.js";
import { fillDemo, startDemoWriters } from "./demo-steps.js";
import { type ManifestFile, readManifest } from "./manifest.js";
import { startRunner } from "./runner-process.js";
import type { WriterFleet } from "./writer-process.js";

/** What the user asked of a soak. */
export interface SoakRequest {
  readonly settings: DemoSettings;
  readonly directory?: string;
  /** How long files go on moving to and fro. */
  readonly minutes: number;
  /** Mean distance of two kills, in seconds. */
  readonly killEverySeconds: number;
}

interface SoakState {
  readonly bricks: readonly [BrickProcess, BrickProcess];
  /** Ends the runner that is at work, if one is. */
  killRunner: () => void;
  readonly kills: { runner: number; source: number; destination: number };
  rounds: number;
  resumes: number;
  filesMoved: number;
  bytesMoved: number;
  over: boolean;
}

/** A runner that has been ended this often in one round will not come to its end by itself. */
const attemptsMax = 1_000;

/**
 * The demo under fire: the tree moves to and fro for some minutes while the runner and both bricks are
 * killed with SIGKILL at random moments and come back; at the end every byte is compared.
 */
export async function soakCommand(
  request: SoakRequest,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCodeValue> {
  const demo = DemoDirectory.create(request.directory, request.settings);
  const bricks = [
    new BrickProcess("source", demo.sourceStore),
    new BrickProcess("destination", demo.destinationStore),
  ] as const;
  const kills = { runner: 0, source: 0, destination: 0 };
  const state: SoakState = {
    bricks,
    kills,
    killRunner: () => undefined,
    rounds: 0,
    resumes: 0,
    filesMoved: 0,
    bytesMoved: 0,
    over: false,
  };
  try {
    for (const brick of bricks) await brick.start();
    const urls = [bricks[0].url, bricks[1].url];
    await fillDemo(demo, bricks[0].url, output, signal);
    const files = (await readManifest(demo.manifestPath)).toSorted((a, b) => a.index - b.index);
    const writers = startDemoWriters(demo, urls);
    await writers.ready;
    writers.moveBegins();
    const startedAt = performance.now();
    const untilMs = startedAt + request.minutes * 60_000;
    const chaos = makeTrouble(state, request.killEverySeconds, untilMs, output, signal);
    while (performance.now() < untilMs) await round(demo, state, files, writers, output, signal);
    state.over = true;
    await chaos;
    const seconds = (performance.now() - startedAt) / 1_000;
    const unanswered = await writers.stop();
    const result = await runAudit(urls, files, demo, output, signal);
    const { filesMoved, bytesMoved, rounds, resumes } = state;
    const report = demoReport(demo, files, { filesMoved, bytesMoved, seconds }, writers, result, unanswered);
    const summary = `soak          ${rounds} rounds in ${(seconds / 60).toFixed(1)} min; kill -9: runner ${kills.runner}, source ${kills.source}, destination ${kills.destination}; resumed ${resumes} times`;
    output.report([summary, ...report.lines], { ...report.event, rounds, resumes, kills });
    return report.exitCode;
  } finally {
    state.over = true;
    state.killRunner();
    await Promise.all(bricks.map((brick) => brick.stop()));
  }
}

/** Moves everything from one brick to the other, resuming as often as it takes. */
async function round(
  demo: DemoDirectory,
  state: SoakState,
  files: readonly ManifestFile[],
  writers: WriterFleet,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const [from, to] = state.rounds % 2 === 0 ? state.bricks : ([state.bricks[1], state.bricks[0]] as const);
  const journalPath = join(demo.path, `journal-${state.rounds}`);
  const progress = new DemoProgress(files, demo.symlinks, writers, output);
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    signal.throwIfAborted();
    const resume = existsSync(journalPath);
    const runner = startRunner(
      { source: from.url, destination: to.url, journalPath, protection: "lease", resume },
      (event) => progress.take(event),
    );
    state.killRunner = () => runner.process.child.kill("SIGKILL");
    const { exitCode, report, errorTail } = await runner.outcome;
    if (exitCode === ExitCode.usage || exitCode === ExitCode.journal) {
      throw new CommandError(
        exitCode,
        `the runner ended with ${exitCode} in round ${state.rounds}: ${errorTail}`,
      );
    }
    if (resume) state.resumes += 1;
    if (exitCode === ExitCode.done && report !== undefined) {
      state.rounds += 1;
      state.filesMoved += files.length;
      state.bytesMoved += files.reduce((sum, file) => sum + file.sizeBytes, 0);
      output.say(`round ${state.rounds}: everything is on "${to.name}" after ${attempt + 1} attempts`, {
        event: "round",
        round: state.rounds,
        attempts: attempt + 1,
      });
      return;
    }
  }
  throw new CommandError(
    ExitCode.filesFailed,
    `round ${state.rounds} did not end after ${attemptsMax} attempts`,
  );
}

/**
 * Kills one of the three every now and then, and brings bricks back; until `untilMs`, so that the round that is under way
 * then comes to its end: a large file may be longer under way than two kills are apart.
 */
async function makeTrouble(
  state: SoakState,
  everySeconds: number,
  untilMs: number,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  while (!state.over && !signal.aborted) {
    // Between a tenth and twice the mean, so that kills also come close together.
    const pauseMs = everySeconds * 1_000 * (0.1 + Math.random() * 1.9);
    await sleep(Math.min(pauseMs, Math.max(0, untilMs - performance.now())));
    if (state.over || performance.now() >= untilMs) break;
    const victim = Math.floor(Math.random() * 3);
    const brick = state.bricks[victim];
    if (brick === undefined) {
      state.kills.runner += 1;
      state.killRunner();
      continue;
    }
    state.kills[victim === 0 ? "source" : "destination"] += 1;
    await brick.kill();
    await sleep(Math.random() * 1_000);
    await brick.start();
    output.event({ event: "killed", victim: brick.name });
  }
  output.event({ event: "kills-over" });
}
