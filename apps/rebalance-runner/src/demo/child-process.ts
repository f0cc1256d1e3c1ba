import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that speaks NDJSON on its standard output. */
export interface JsonProcess {
  readonly child: ChildProcess;
  /** Resolves with the exit code, or 128 + the signal's place when a signal ended it. */
  readonly exited: Promise<number>;
  /** The last lines of its standard error, for an error message. */
  errorTail(): string;
}

const errorLinesMax = 20;

/**
 * Starts `node SCRIPT …args` in a process group of its own, so that a Ctrl-C at the terminal reaches only
 * the parent, which ends its children in order. Its standard input stays open as long as the parent lives:
 * a child that watches it does not outlive a parent that was killed. Every line of its standard output that
 * parses as a JSON object goes to `onEvent`.
 */
export function startJsonProcess(
  script: string,
  args: readonly string[],
  onEvent: (event: Readonly<Record<string, unknown>>) => void,
): JsonProcess {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const errorLines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseObject(line);
    if (event !== undefined) onEvent(event);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    errorLines.push(line);
    if (errorLines.length > errorLinesMax) errorLines.shift();
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
  return { child, exited, errorTail: () => errorLines.join("\n") };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
