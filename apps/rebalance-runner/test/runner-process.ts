import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** One NDJSON event of the runner. */
export interface RunnerEvent {
  readonly event: string;
  readonly [figure: string]: unknown;
}

/** The runner as users run it: the bundle, by plain `node`. */
export class RunnerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  readonly events: RunnerEvent[] = [];
  #errors = "";
  readonly #waiting: { readonly wanted: (event: RunnerEvent) => boolean; readonly found: () => void }[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error("no standard output");
    createInterface({ input: stdout }).on("line", (line) => this.#take(line));
    this.exited = new Promise((resolve) =>
      this.child.once("close", (code, signal) => resolve(code ?? signal)),
    );
  }

  /** Everything that it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** The last event; the report, when it ended well. */
  get last(): RunnerEvent | undefined {
    return this.events.at(-1);
  }

  /** Resolves when an event comes that is wanted; rejects when the process ends before. */
  async until(wanted: (event: RunnerEvent) => boolean): Promise<void> {
    if (this.events.some(wanted)) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ wanted, found: resolve });
      void this.exited.then((code) => reject(new Error(`ended with ${code}: ${this.#errors}`)));
    });
  }

  #take(line: string): void {
    const event = JSON.parse(line) as RunnerEvent;
    this.events.push(event);
    for (const { wanted, found } of this.#waiting) if (wanted(event)) found();
  }
}
