import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, ExitCode, type ExitCodeValue } from "../exit-code.js";
import type { Output } from "../output.js";
import { BrickProcess } from "./brick-process.js";
import { DemoDirectory, type DemoSettings } from "./demo-directory.js";
import { runAudit } from "./demo-audit.js";
import { demoReport } from "./demo-report.js";
import { DemoProgress } from "./demo-progress.js";
import { fillDemo, startDemoWriters } from "./demo-steps.js";
import { type ManifestFile, readManifest } from "./manifest.js";
import { startRunner } from "./runner-process.js";
import type { WriterFleet } from "./writer-process.js";

/** What the user asked of the demo. */
export interface DemoRequest {
  readonly settings: DemoSettings;
  /** Directory for everything; a temporary one when absent. */
  readonly directory?: string;
  readonly resume: boolean;
}

/**
 * The main job, end to end: two bricks in processes of their own, a real tree on the first, writers that
 * keep overwriting it, the runner that moves it, and a reader that compares every byte with what the
 * writers were promised.
 */
export async function demoCommand(
  request: DemoRequest,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCodeValue> {
  const demo = request.resume
    ? DemoDirectory.resume(request.directory)
    : DemoDirectory.create(request.directory, request.settings);
  if (demo.settings.protection === "none") {
    const warning =
      "CONTROL WITHOUT PROTECTION: files are copied with no lease, no fence and no dirty extents. It is meant to lose writes.";
    output.say(warning, { event: "control", protection: "none", message: warning });
  }
  if (!demo.filled) demo.clearPartialFill();
  const bricks = [
    new BrickProcess("source", demo.sourceStore),
    new BrickProcess("destination", demo.destinationStore),
  ] as const;
  try {
    for (const brick of bricks) await brick.start();
    return await moveUnderWriters(demo, bricks, output, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const message = `Interrupted. Nothing is half-moved; go on with: rebalance-runner demo --resume --dir ${demo.path}`;
    output.report([message], { event: "interrupted", directory: demo.path, message });
    return ExitCode.interrupted;
  } finally {
    await Promise.all(bricks.map((brick) => brick.stop()));
  }
}

async function moveUnderWriters(
  demo: DemoDirectory,
  bricks: readonly [BrickProcess, BrickProcess],
  output: Output,
  signal: AbortSignal,
): Promise<ExitCodeValue> {
  const settings = demo.settings;
  const urls = [bricks[0].url, bricks[1].url] as const;
  output.say(`source brick ${urls[0]}, destination brick ${urls[1]}, everything in ${demo.path}`, {
    event: "bricks",
    source: urls[0],
    destination: urls[1],
    directory: demo.path,
  });
  if (!demo.filled) await fillDemo(demo, urls[0], output, signal);
  const files = (await readManifest(demo.manifestPath)).toSorted((a, b) => a.index - b.index);
  const writers = startDemoWriters(demo, urls);
  let unanswered = 0;
  try {
    await writers.ready;
    if (settings.writers > 0) {
      output.say(
        `${settings.writers} writers are writing; the move begins in ${settings.baselineSeconds} s`,
        { event: "baseline" },
      );
      await sleep(settings.baselineSeconds * 1_000, undefined, { signal });
    }
    writers.moveBegins();
    const moved = await move(demo, urls, files, writers, output, signal);
    unanswered = await writers.stop();
    const result = await runAudit(urls, files, demo, output, signal);
    const report = demoReport(demo, files, moved, writers, result, unanswered);
    output.report(report.lines, report.event);
    return report.exitCode;
  } finally {
    await writers.stop();
  }
}

/** Lets the runner move everything, and resolves with its report. */
async function move(
  demo: DemoDirectory,
  urls: readonly [string, string],
  files: readonly ManifestFile[],
  writers: WriterFleet,
  output: Output,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { protection } = demo.settings;
  const { journalPath } = demo;
  // A demo that was interrupted before its move began has no journal to resume.
  const order = {
    source: urls[0],
    destination: urls[1],
    journalPath,
    protection,
    resume: existsSync(journalPath),
  };
  const progress = new DemoProgress(files, demo.symlinks, writers, output);
  const runner = startRunner(order, (event) => progress.take(event));
  const interrupt = () => runner.process.child.kill("SIGTERM");
  signal.addEventListener("abort", interrupt, { once: true });
  const { exitCode, report, errorTail } = await runner.outcome;
  signal.removeEventListener("abort", interrupt);
  signal.throwIfAborted();
  if (report === undefined || (exitCode !== ExitCode.done && exitCode !== ExitCode.filesFailed)) {
    throw new CommandError(ExitCode.filesFailed, `the runner ended with ${exitCode}: ${errorTail}`);
  }
  return report;
}
