import { createBrickClient } from "@brickshift/brick-client";
import {
  createRebalance,
  type Journal,
  type Outcome,
  type RebalanceOptionsInput,
  type RebalanceReport,
} from "@brickshift/rebalance";
import type { SeededRandom } from "@brickshift/testkit";
import { connectionOptions } from "../clients/connection-options.js";
import type { Link } from "./link.js";
import type { VirtualProcess } from "./virtual-process.js";
import { UnderWay, watchedPort } from "./watched-port.js";

/** Times that one region may be copied again, by the options. */
export const REPLAYS_MAX = 4;

const rebalanceOptions: RebalanceOptionsInput = {
  concurrency: 4,
  largeConcurrency: 2,
  smallFileBytesMax: 1_024,
  wholeFileBytesMax: 800,
  fopTimeoutMs: 8_000,
  leaseTimeoutMs: 12_000,
  lockWaitMs: 6_000,
  foreignLockWaitMs: 300,
  settleTimeoutMs: 3_000,
  attemptsMax: 3,
  stepTriesMax: 5,
  stepPauseMs: 5,
  pageBytes: 4_096,
  progressMs: 60_000,
  copy: {
    chunkBytes: 512,
    chunkBytesMax: 2_048,
    windowMin: 1,
    windowStart: 2,
    windowMax: 6,
    leaseWindowsMax: 3,
    finalBytesMax: 1_024,
    finalExtentsMax: 8,
    passesMax: 6,
    replaysMax: REPLAYS_MAX,
    backoffMs: 1,
    backoffMaxMs: 40,
    exclusiveHoldMs: 200,
  },
};

/** @param isLeftOver whether neither a crawl nor a journal led to it, but the destination itself. */
export type OnOutcome = (outcome: Outcome, path: string, isLeftOver: boolean) => void;

/** One process that moves everything from the source to the destination. */
export class VirtualRunner {
  readonly process: VirtualProcess;
  /** The brick that it moves files from; they go to the next. */
  readonly from: 0 | 1;
  readonly links: readonly [Link, Link];
  readonly journal: Journal;
  readonly underWay: readonly [UnderWay, UnderWay] = [new UnderWay(), new UnderWay()];
  report: RebalanceReport | undefined;
  /** What ended its run without a report. */
  fault: Error | undefined;
  readonly #random: SeededRandom;
  readonly #onOutcome: OnOutcome;
  /** Paths that its crawl came to. */
  readonly #met = new Set<string>();
  readonly #isResuming: boolean;

  constructor(init: {
    readonly process: VirtualProcess;
    readonly from: 0 | 1;
    readonly links: readonly [Link, Link];
    readonly journal: Journal;
    readonly isResuming: boolean;
    readonly random: SeededRandom;
    readonly onOutcome: OnOutcome;
  }) {
    this.process = init.process;
    this.from = init.from;
    this.links = init.links;
    this.journal = init.journal;
    this.#isResuming = init.isResuming;
    this.#random = init.random;
    this.#onOutcome = init.onOutcome;
  }

  get isOver(): boolean {
    return this.process.isDead || this.report !== undefined || this.fault !== undefined;
  }

  /** Connects and runs; what becomes of it is in `report` or `fault`. Never rejects. */
  async run(): Promise<void> {
    try {
      const [source, destination] = [this.#connect(0), this.#connect(1)];
      await Promise.all([source.connect(), destination.connect()]);
      const rebalance = createRebalance(rebalanceOptions, { scheduler: this.process, random: this.#random });
      const report = await rebalance.run({
        source: watchedPort(source, this.underWay[0]),
        destination: watchedPort(destination, this.underWay[1]),
        journal: this.journal,
        resume: this.#isResuming,
        onEvent: (event) => {
          if (event.type === "begins") this.#met.add(event.path);
          const isLeftOver = event.type === "file" && !this.#isResuming && !this.#met.has(event.path);
          if (event.type === "file") this.#onOutcome(event.outcome, event.path, isLeftOver);
        },
      });
      await Promise.all([source.close(), destination.close()]);
      this.report = report;
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
      // Its process ends, and does not connect again once the links are well.
      this.kill();
    }
  }

  /** It ends without a word. */
  kill(): void {
    this.process.kill();
    for (const link of this.links) link.cut();
  }

  #connect(brick: 0 | 1) {
    const link = this.links[brick];
    return createBrickClient({
      transport: link.transport,
      address: link.address,
      brick: `b${this.from + brick}`,
      scheduler: this.process,
      random: this.#random,
      options: { ...connectionOptions, hostName: this.process.name },
    });
  }
}
