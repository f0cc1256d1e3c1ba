import type { FileOperation, History } from "../simulation/check/history.js";
import { killPoints } from "./plan/kill-points.js";
import type { Point } from "./plan/point.js";

/** Counts what happened in all rounds. */
export class Tally {
  rounds = 0;
  failedRounds = 0;
  lostWrites = 0;
  readonly #kills: Record<string, number> = {};
  readonly #killsByStep: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};
  readonly #reached = new Set<string>();
  #points = 0;
  #notReached = 0;
  #migrations = 0;
  #resumes = 0;
  #writes = 0;
  #unknownWrites = 0;
  #reads = 0;
  #tornReads = 0;
  #unjudged = 0;
  #looks = 0;
  #fscks = 0;

  struck({ label, act, trigger }: Point): void {
    this.#points += 1;
    this.#reached.add(label);
    if (act.type === "kill" || act.type === "kill-late") {
      add(this.#kills, act.type === "kill" ? act.victim : "runner");
      const step = trigger.type === "call" ? `${trigger.call} ${trigger.moment}` : trigger.type;
      add(this.#killsByStep, act.type === "kill-late" ? `${step}, late` : step);
      return;
    }
    add(this.#faults, act.type === "stop" ? `stop of the ${act.victim}` : act.type);
  }

  notReached(points: readonly Point[]): void {
    this.#notReached += points.length;
  }

  moved(): void {
    this.#migrations += 1;
  }

  resumed(): void {
    this.#resumes += 1;
  }

  torn(reads: number): void {
    this.#tornReads += reads;
  }

  looked(looks: number): void {
    this.#looks += looks;
  }

  checkedStores(): void {
    this.#fscks += 2;
  }

  judged({ operations, unjudged }: History): void {
    const count = (type: FileOperation["type"], outcome: FileOperation["outcome"]) =>
      operations.filter((operation) => operation.type === type && operation.outcome === outcome).length;
    this.#writes += count("write", "done") + count("truncate", "done");
    this.#unknownWrites += count("write", "unknown") + count("truncate", "unknown");
    this.#reads += count("read", "done");
    this.#unjudged += unjudged;
  }

  get kills(): number {
    return Object.values(this.#kills).reduce((sum, count) => sum + count, 0);
  }

  /** Kill points that were never reached. */
  get missing(): readonly string[] {
    return killPoints.map(({ label }) => label).filter((label) => !this.#reached.has(label));
  }

  /** The figures of a report. */
  figures() {
    return {
      rounds: this.rounds,
      failedRounds: this.failedRounds,
      points: this.#points,
      pointsNotReached: this.#notReached,
      kills: this.kills,
      killsByVictim: sorted(this.#kills),
      killsByStep: sorted(this.#killsByStep),
      killPoints: { all: killPoints.length, reached: killPoints.length - this.missing.length },
      faults: sorted(this.#faults),
      migrations: this.#migrations,
      resumes: this.#resumes,
      acknowledgedWrites: this.#writes,
      writesWithoutAnswer: this.#unknownWrites,
      readsChecked: this.#reads,
      tornReads: this.#tornReads,
      historiesTooHard: this.#unjudged,
      looksAtBothBricks: this.#looks,
      storesChecked: this.#fscks,
      lostWrites: this.lostWrites,
    };
  }
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).toSorted(([one], [other]) => one.localeCompare(other)));
}
