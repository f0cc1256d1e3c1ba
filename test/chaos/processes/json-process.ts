import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One NDJSON line of a process. */
export type JsonEvent = Readonly<Record<string, unknown>>;

const ERROR_BYTES_MAX = 8_192;

/** A program of Node in a process of its own, that tells NDJSON, and that may be killed, stopped and let go on. */
export class JsonProcess {
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  #isOver = false;
  #errors = "";

  /** @param onEvent hears of every line of its standard output that is an object. */
  constructor(script: string, args: readonly string[], onEvent: (event: JsonEvent) => void) {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    // A process that was killed does not read what it is told.
    child.stdin.on("error", () => {});
    child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-ERROR_BYTES_MAX);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) onEvent(JSON.parse(line) as JsonEvent);
    });
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#isOver = true;
        resolve(code ?? signal ?? "SIGKILL");
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The end of what it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Tells it one NDJSON line. */
  tell(message: JsonEvent): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Sends a signal; from SIGKILL on nothing of the process runs any more. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.#child.kill(signal);
  }
}
