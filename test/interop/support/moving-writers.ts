import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { succeed, until } from "./command.js";
import type { Scratch } from "./scratch.js";

const source = fileURLToPath(new URL("moving-writers.c", import.meta.url));

/** Latency of writes, from the call to its return, in one of the phases before, during and after a move. */
export interface WritePhase {
  readonly writes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What writers and readers have seen so far. */
export interface WritersStatus {
  readonly acknowledged: number;
  /** Writes of the last phase through descriptors that were open from the beginning. */
  readonly heldLate: number;
  readonly reads: number;
  /** Reads that showed less than was acknowledged before they began. */
  readonly stale: number;
  readonly torn: number;
  readonly errors: number;
  readonly firstError: string;
  readonly firstStale: string;
  readonly phases: readonly [WritePhase, WritePhase, WritePhase];
}

/** What reading every block back has shown. */
export interface Comparison {
  readonly blocks: number;
  /** Blocks that are not the version acknowledged last, nor a later one that was attempted. */
  readonly lost: number;
  readonly torn: number;
  readonly sizeBytes: number;
  readonly first: string;
}

/** Where the program works, and how hard. */
export interface WritersOptions {
  readonly file: string;
  readonly sizeBytes: number;
  readonly writers: number;
  readonly writesPerSecondEach: number;
  /** The file's path on other mounts, for readers there. */
  readonly elsewhere?: readonly string[];
  /** Command to start the program with, such as one that enters a namespace. */
  readonly prefix?: readonly string[];
}

/** Compiles `moving-writers.c` into the scratch directory. */
export async function compileMovingWriters(scratch: Scratch): Promise<string> {
  const program = scratch.path("moving-writers");
  await succeed("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, source]);
  return program;
}

/** The program, with one file and the memory of what was acknowledged for it. */
export class MovingWriters {
  readonly #program: string;
  readonly #state: string;
  readonly #options: WritersOptions;

  constructor(scratch: Scratch, program: string, options: WritersOptions, name = "writers") {
    this.#program = program;
    this.#state = scratch.path(`${name}.state`);
    this.#options = options;
  }

  /** Makes the file, with version 1 of every block. */
  async fill(file = this.#options.file): Promise<void> {
    await this.#once("fill", file);
  }

  /** Reads every block back. */
  async compare(file = this.#options.file): Promise<Comparison> {
    return JSON.parse(await this.#once("compare", file)) as Comparison;
  }

  /** Starts writers and readers. */
  start(scratch: Scratch): RunningWriters {
    const { writersArgs, command } = this.#command("run", this.#options.file);
    const { writesPerSecondEach, elsewhere = [] } = this.#options;
    const child = spawn(command, [...writersArgs, String(writesPerSecondEach), ...elsewhere], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    scratch.onEnd(() => void child.kill("SIGKILL"));
    return new RunningWriters(child);
  }

  async #once(what: string, file: string): Promise<string> {
    const { writersArgs, command } = this.#command(what, file);
    return succeed(command, writersArgs);
  }

  #command(what: string, file: string): { readonly command: string; readonly writersArgs: string[] } {
    const { sizeBytes, writers, prefix = [] } = this.#options;
    const own = [what, file, String(sizeBytes), this.#state, String(writers)];
    const [command, ...before] = [...prefix, this.#program];
    return { command: command ?? this.#program, writersArgs: [...before, ...own] };
  }
}

/** Writers and readers at work. */
export class RunningWriters {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals | null>;
  readonly #answers: ((status: WritersStatus) => void)[] = [];
  #errors = "";
  #last: WritersStatus | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    child.stdin?.on("error", () => {});
    if (child.stdout === null) throw new Error("no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#last = JSON.parse(line) as WritersStatus;
      this.#answers.shift()?.(this.#last);
    });
    this.#exited = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
  }

  status(): Promise<WritersStatus> {
    return this.#ask("status");
  }

  /** Begins the next phase of latency. */
  nextPhase(): Promise<WritersStatus> {
    return this.#ask("phase");
  }

  /** Waits until so many more writes are acknowledged. */
  async written(writes: number, timeoutMs = 120_000): Promise<void> {
    const { acknowledged } = await this.status();
    const enough = async () => (await this.status()).acknowledged >= acknowledged + writes;
    await until(`${writes} more writes`, enough, timeoutMs);
  }

  async stop(): Promise<WritersStatus> {
    this.#child.stdin?.end("stop\n");
    const code = await this.#exited;
    if (code !== 0 || this.#last === undefined)
      throw new Error(`the writers ended with ${code}: ${this.#errors}`);
    return this.#last;
  }

  async #ask(command: string): Promise<WritersStatus> {
    const answer = new Promise<WritersStatus>((resolve) => this.#answers.push(resolve));
    this.#child.stdin?.write(`${command}\n`);
    const ended = this.#exited.then((code) => {
      throw new Error(`the writers ended with ${code}: ${this.#errors}`);
    });
    return Promise.race([answer, ended]);
  }
}
