import { setTimeout as sleep } from "node:timers/promises";
import pDefer from "p-defer";
import { type JsonEvent, JsonProcess } from "./json-process.js";

/** How long the holder of a lease has after a recall, in ms: short, so that stops of processes outlast it. */
export const RECALL_TIMEOUT_MS = 1_000;
/** How often a brick whose disk is full is started again, and how long apart, in ms. */
const STARTS_MAX = 200;
const START_PAUSE_MS = 100;
const USAGE_MS_MAX = 10_000;

/** One brick, served from one store directory, in one process after another. */
export class BrickProcess {
  readonly name: string;
  readonly directory: string;
  readonly #program: string;
  readonly #onEnd: (brick: BrickProcess, how: string) => void;
  #process: JsonProcess | undefined;
  #port = 0;
  #isEnding = false;
  #onUsage: (event: JsonEvent) => void = () => {};

  /** @param onEnd hears when a process ends that nobody killed. */
  constructor(init: {
    readonly name: string;
    readonly directory: string;
    readonly program: string;
    readonly onEnd: (brick: BrickProcess, how: string) => void;
  }) {
    this.name = init.name;
    this.directory = init.directory;
    this.#program = init.program;
    this.#onEnd = init.onEnd;
  }

  /** Where it listens; 0 while it is down. */
  get port(): number {
    return this.#port;
  }

  /** Starts it and waits until it listens, again and again while it cannot. Rejects when it never does. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const failure = await this.#startOnce();
      if (failure === undefined) return;
      if (tries >= STARTS_MAX) throw new Error(`the brick ${this.name} does not start: ${failure}`);
      await sleep(START_PAUSE_MS);
    }
  }

  /** Ends it as a crash does. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    this.#port = 0;
    this.#process?.signal("SIGKILL");
    await this.#process?.exited;
  }

  /** Ends it in order. @returns its exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#isEnding = true;
    this.#port = 0;
    this.#process?.signal("SIGTERM");
    return (await this.#process?.exited) ?? 0;
  }

  /** Lets nothing of it run until {@link goOn}. */
  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  goOn(): void {
    this.#process?.signal("SIGCONT");
  }

  /** What is held on it now. */
  async usage(): Promise<Readonly<Record<string, number>>> {
    const told = new Promise<JsonEvent>((resolve) => {
      this.#onUsage = resolve;
    });
    this.#process?.signal("SIGUSR2");
    const event = await Promise.race([told, sleep(USAGE_MS_MAX, undefined, { ref: false })]);
    if (event === undefined) throw new Error(`the brick ${this.name} does not tell what is held on it`);
    const counts = Object.entries(event).filter(([, value]) => typeof value === "number");
    return Object.fromEntries(counts) as Record<string, number>;
  }

  /** @returns what kept it from starting. */
  async #startOnce(): Promise<string | undefined> {
    this.#isEnding = false;
    const brick = `${this.name}=${this.directory}`;
    const args = ["serve", "--brick", brick, "--json", "--until-stdin-ends", "--recall-timeout"];
    const listening = pDefer<number>();
    const started = new JsonProcess(this.#program, [...args, String(RECALL_TIMEOUT_MS)], (event) => {
      if (event["event"] === "listening") listening.resolve(Number(new URL(String(event["address"])).port));
      if (event["event"] === "usage") this.#onUsage(event);
    });
    this.#process = started;
    const port = await Promise.race([listening.promise, started.exited.then(() => undefined)]);
    if (port === undefined) return started.errors;
    this.#port = port;
    void started.exited.then((how) => {
      if (this.#isEnding || this.#process !== started) return;
      this.#port = 0;
      this.#onEnd(this, `${how}: ${started.errors}`);
    });
    return undefined;
  }
}
