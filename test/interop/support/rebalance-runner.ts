import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Scratch } from "./scratch.js";

const cli = fileURLToPath(new URL("../../../apps/rebalance-runner/dist/cli.js", import.meta.url));

/** One NDJSON event of the runner. */
export interface RunnerEvent {
  readonly event: string;
  readonly [figure: string]: unknown;
}

/** `rebalance-runner`, from its bundle. */
export interface Runner {
  readonly child: ChildProcess;
  readonly events: readonly RunnerEvent[];
  /** Exit code or signal, when it has ended. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Everything that it wrote to standard error. */
  readonly errors: () => string;
}

/** Starts `rebalance-runner` with `args` and `--json`. */
export function startRunner(scratch: Scratch, args: readonly string[]): Runner {
  const child = spawn(process.execPath, [cli, ...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  scratch.onEnd(() => void child.kill("SIGKILL"));
  const events: RunnerEvent[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line) as RunnerEvent));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  return { child, events, exited, errors: () => errors };
}

/** Moves paths from one brick to another and waits for the end; its report. */
export async function move(
  scratch: Scratch,
  from: string,
  to: string,
  paths: readonly string[],
  more: readonly string[] = [],
): Promise<RunnerEvent> {
  const state = scratch.path(`journal-${(journals += 1)}`);
  const args = ["run", "--source", from, "--destination", to, "--state", state, ...more, ...paths];
  const { exited, events, errors } = startRunner(scratch, args);
  const code = await exited;
  const report = events.at(-1);
  if (code !== 0 || report?.event !== "report")
    throw new Error(`rebalance-runner ended with ${code}: ${errors()}${JSON.stringify(events.slice(-3))}`);
  return report;
}

/** Fails unless every file at these paths is whole on exactly one of the bricks. */
export async function verify(
  scratch: Scratch,
  from: string,
  to: string,
  paths: readonly string[],
): Promise<void> {
  const { exited, errors } = startRunner(scratch, [
    "verify",
    "--source",
    from,
    "--destination",
    to,
    ...paths,
  ]);
  const code = await exited;
  if (code !== 0) throw new Error(`rebalance-runner verify ended with ${code}: ${errors()}`);
}

let journals = 0;
