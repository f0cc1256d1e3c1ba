import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { BrickClient } from "@brickshift/brick-client";
import { createRebalance, type Journal, type RebalanceReport } from "@brickshift/rebalance";
import { type Command, Option } from "commander";
import { parseBrickUrl } from "./brick-url.js";
import { connectBrick, connectChoices, type ConnectionOptionValues } from "./connect-brick.js";
import { commandErrorOf } from "./command-error-of.js";
import { CommandError, ExitCode, type ExitCodeValue } from "./exit-code.js";
import { nodeWorld } from "./node-world.js";
import { openJournal } from "./open-journal.js";
import { wholeNumber } from "./option-values.js";
import type { Output } from "./output.js";
import { RunProgress } from "./run-progress.js";
import { runReport } from "./run-report.js";
import { defaultStateDirectory } from "./state-directory.js";

/** Options of `run`, as commander gives them. */
export interface RunOptionValues extends ConnectionOptionValues {
  readonly state?: string;
  readonly resume?: true;
  readonly concurrency: number;
  readonly bytesPerSecond: number;
  readonly protection: "lease" | "none";
  readonly undecided: "keep" | "publish" | "drop";
  readonly untilStdinEnds?: true;
  readonly json?: true;
}

/** Adds the options of {@link RunOptionValues}, but those of the connections. */
export function addRunOptions(command: Command): Command {
  return command
    .option(
      "--state <directory>",
      "the run's journal (default: one for this pair of bricks in the user's state directory)",
    )
    .option("--resume", "go on with the run of that journal")
    .option("--concurrency <n>", "files that move at the same time", wholeNumber(1, 1_024), 96)
    .option("--bytes-per-second <n>", "upper bound of what is copied; 0 for none", wholeNumber(0, 2 ** 40), 0)
    .addOption(
      new Option(
        "--protection <kind>",
        "none: the control, a plain copy that loses writes; never for data that matters",
      )
        .choices(["lease", "none"])
        .default("lease"),
    )
    .addOption(
      new Option(
        "--undecided <what>",
        "what becomes of a copy when the source has nothing, and does not remember whether it was moved",
      )
        .choices(["keep", "publish", "drop"])
        .default("keep"),
    )
    .option(
      "--until-stdin-ends",
      "end in order, within 20 s, when standard input is closed, as it is when a parent dies",
    )
    .option("--json", "print NDJSON events; the last line is the report");
}

/** Moves files between two bricks that are already running. */
export async function runCommand(
  paths: readonly string[],
  values: RunOptionValues,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCodeValue> {
  const [sourceUrl, destinationUrl] = [parseBrickUrl(values.source), parseBrickUrl(values.destination)];
  const choices = connectChoices(values, "rebalance-runner");
  const state =
    values.state === undefined
      ? defaultStateDirectory(sourceUrl, destinationUrl, process.env)
      : resolve(values.state);
  if (values.resume && !existsSync(state)) {
    throw new CommandError(
      ExitCode.usage,
      `there is no run to resume in ${state}; start it without --resume`,
    );
  }
  if (values.protection === "none") {
    const message =
      "CONTROL WITHOUT PROTECTION: this run holds no leases and loses writes that clients make meanwhile";
    output.say(message, { event: "control", protection: "none", message });
  }
  const clients: BrickClient[] = [];
  let journal: Journal | undefined;
  try {
    const source = await connectBrick(sourceUrl, choices);
    clients.push(source);
    const destination = await connectBrick(destinationUrl, choices);
    clients.push(destination);
    journal = openJournal(state);
    const report = await moveFiles(paths, values, { source, destination, journal }, output, signal);
    return tellReport(report, state, output);
  } catch (error) {
    throw commandErrorOf(error, state);
  } finally {
    await journal?.close();
    await Promise.all(clients.map((client) => client.close()));
  }
}

interface Ends {
  readonly source: BrickClient;
  readonly destination: BrickClient;
  readonly journal: Journal;
}

function moveFiles(
  paths: readonly string[],
  values: RunOptionValues,
  ends: Ends,
  output: Output,
  signal: AbortSignal,
): Promise<RebalanceReport> {
  const { concurrency, bytesPerSecond, protection, undecided } = values;
  const options = { concurrency, bytesPerSecond, protection, undecided, progressMs: 250 };
  const rebalance = createRebalance(options, nodeWorld);
  const progress = new RunProgress(output);
  return rebalance.run({
    ...ends,
    ...(paths.length > 0 && { paths }),
    resume: values.resume === true,
    signal,
    onEvent: (event) => progress.take(event),
  });
}

function tellReport(report: RebalanceReport, state: string, output: Output): ExitCodeValue {
  const { lines, event } = runReport(report, state, process.resourceUsage().maxRSS * 1_024);
  output.report(lines, event);
  if (report.state === "cancelled") return ExitCode.interrupted;
  return report.counts.failed === 0 ? ExitCode.done : ExitCode.filesFailed;
}
