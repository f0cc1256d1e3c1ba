import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "@brickshift/testkit";
import { type RunnerEnd, RunnerProcess } from "../processes/runner-process.js";
import { JournalWatch } from "../scene/journal-watch.js";
import { brickAt, type Scene } from "../scene/scene.js";

/** How a leg is run. */
export interface LegInit {
  readonly scene: Scene;
  readonly source: 0 | 1;
  readonly number: number;
  readonly runnerProgram: string;
  readonly protection: "lease" | "none";
  readonly random: SeededRandom;
  readonly onMoved: () => void;
  readonly onResumed: () => void;
  readonly onJournal: (file: string) => void;
  readonly onViolation: (text: string) => void;
}

/** Exit codes of the runner after which it is started again: some files did not move, a brick was away. */
const AGAIN: ReadonlySet<number | NodeJS.Signals> = new Set([1, 3, "SIGKILL"]);
/** Time in which everything has moved once nothing strikes any more, in ms: several times what a run waits for a lock. */
const QUIET_MS_MAX = 300_000;

/** Everything moves from one brick to the other, by as many runners after each other as it takes. */
export class Leg {
  readonly source: 0 | 1;
  readonly #init: LegInit;
  #journal = "";
  #journals = 0;
  #losesJournal = false;
  #runner: RunnerProcess | undefined;
  #second: Promise<void> | undefined;
  #onStarted: () => void = () => {};
  #isOver = false;
  #quietSinceMs: number | undefined;

  constructor(init: LegInit) {
    this.source = init.source;
    this.#init = init;
  }

  /** The directory of the journal of the runner that is at work. */
  get journal(): string {
    return this.#journal;
  }

  /** Whether a runner is at work that may be killed or stopped. */
  get isRunning(): boolean {
    return this.#runner?.isOver === false;
  }

  /** Nothing strikes any more: from now on the time to its end is bounded. */
  quieten(): void {
    this.#quietSinceMs ??= performance.now();
  }

  /** Something is broken for good: it ends now. */
  fail(): void {
    this.#quietSinceMs = Number.NEGATIVE_INFINITY;
  }

  signal(signal: NodeJS.Signals): void {
    this.#runner?.signal(signal);
  }

  /** Kills the runner. Resolves when the next one has been started. @param losesJournal whether that one knows nothing of it. */
  async kill(losesJournal: boolean): Promise<void> {
    if (this.#isOver) return;
    const next = new Promise<void>((resolve) => {
      // Two may kill it at once, and both wait for the next.
      const before = this.#onStarted;
      this.#onStarted = () => {
        before();
        resolve();
      };
    });
    this.#losesJournal ||= losesJournal;
    this.#runner?.signal("SIGKILL");
    await next;
  }

  /** Starts a runner beside the one that is at work, with a journal of its own. */
  addSecond(): void {
    this.#second ??= this.#runSecond();
  }

  /** Runs until everything has moved. Rejects when it does not although nothing is in its way. */
  async run(): Promise<void> {
    try {
      await this.#run();
    } finally {
      this.#isOver = true;
      this.#onStarted();
    }
    await this.#second;
  }

  async #run(): Promise<void> {
    const { random, onResumed } = this.#init;
    let watch = this.#newJournal();
    let isResuming = false;
    for (;;) {
      const runner = new RunnerProcess(this.#order(isResuming), this.#init.onMoved);
      this.#runner = runner;
      if (isResuming) onResumed();
      this.#onStarted();
      const end = await this.#withinBound(runner);
      if (this.#judge(end)) break;
      if (this.#losesJournal || end.code === 5) {
        this.#losesJournal = false;
        watch.close();
        watch = this.#newJournal();
        isResuming = false;
      } else isResuming = true;
      await sleep(random.pick([0, 0, 20, 150]));
    }
    watch.close();
  }

  #newJournal(): JournalWatch {
    const { scene, number, onJournal } = this.#init;
    this.#journals += 1;
    this.#journal = join(scene.directory, `journal-${number}-${this.#journals}`);
    mkdirSync(this.#journal);
    return new JournalWatch(this.#journal, onJournal);
  }

  #order(isResuming: boolean, journal = this.#journal) {
    const { scene, runnerProgram, protection } = this.#init;
    const way = (brick: 0 | 1) => ({ port: scene.relay("runner", brick).port, brick: `b${brick}` });
    return {
      program: runnerProgram,
      source: way(this.source),
      destination: way(brickAt("destination", this.source)),
      journal,
      isResuming,
      concurrency: scene.plan.concurrency,
      protection,
    };
  }

  /** @returns whether everything has moved. */
  #judge({ code, report, errors }: RunnerEnd): boolean {
    if (code === 0 && report?.["state"] === "finished") return true;
    if (!AGAIN.has(code)) this.#init.onViolation(`a runner ended with ${code}: ${errors}`);
    return false;
  }

  /** @throws Error when it does not end although nothing is in its way. */
  async #withinBound(runner: RunnerProcess): Promise<RunnerEnd> {
    for (;;) {
      const end = await Promise.race([runner.ended, sleep(500)]);
      if (end !== undefined && end.code === 0) return end;
      const quietMs = this.#quietSinceMs === undefined ? 0 : performance.now() - this.#quietSinceMs;
      if (quietMs > QUIET_MS_MAX) {
        runner.signal("SIGKILL");
        const left = JSON.stringify(end?.report?.["failures"] ?? []);
        throw new Error(
          `everything does not move within ${QUIET_MS_MAX} ms: ${end?.errors ?? "it runs on"} ${left}`,
        );
      }
      if (end !== undefined) return end;
    }
  }

  async #runSecond(): Promise<void> {
    const { scene, number, onMoved } = this.#init;
    const journal = join(scene.directory, `journal-${number}-second`);
    mkdirSync(journal);
    for (let isResuming = false; ; isResuming = true) {
      const runner = new RunnerProcess(this.#order(isResuming, journal), onMoved);
      const { code } = await this.#withinBound(runner);
      // What it leaves undone the other one does; but what it has begun it ends.
      if (code === 0) return;
      if (!AGAIN.has(code)) this.#init.onViolation(`a second runner ended with ${code}`);
      if (!this.#isOver) await sleep(200);
    }
  }
}
