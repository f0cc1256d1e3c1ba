import { setTimeout as sleep } from "node:timers/promises";
import type { End, Point, Trigger } from "../plan/point.js";
import type { CallAt, Fate } from "../relay/call-at.js";

/** A strike that has begun. */
export interface Strike {
  /** What becomes of the record at which it struck. */
  readonly fate: Fate | Promise<Fate>;
  /** Resolves when what it broke is mended. */
  readonly mended: Promise<void>;
}

/** Carries out the act of a point at once; `undefined` when whom it is about is not there now. */
export type Striker = (point: Point, at: CallAt | undefined, isItsEnd: boolean) => Strike | undefined;

interface Armed {
  readonly point: Point;
  seen: number;
}

/** Lets each point of a round strike when its moment has come, one after the other, or two at once where the plan says so. */
export class Strikes {
  readonly #armed: Armed[];
  readonly #atOnceMax: number;
  readonly #strike: Striker;
  readonly #mending = new Set<Promise<void>>();
  #isOver = false;
  #lastAtMs = performance.now();

  constructor(points: readonly Point[], overlaps: boolean, strike: Striker) {
    this.#armed = points.map((point) => ({ point, seen: 0 }));
    this.#atOnceMax = overlaps ? 2 : 1;
    this.#strike = strike;
    for (const armed of this.#armed) {
      if (armed.point.trigger.type === "time") void this.#strikeAfter(armed, armed.point.trigger.ms);
    }
  }

  /** Points that have not struck. */
  get left(): readonly Point[] {
    return this.#armed.map(({ point }) => point);
  }

  /** Whether everything has struck, or was given up. */
  get isOver(): boolean {
    return this.#isOver || this.#armed.length === 0;
  }

  /** Time since something struck or was mended last, in ms. */
  get idleMs(): number {
    return this.#mending.size > 0 ? 0 : performance.now() - this.#lastAtMs;
  }

  /** Nothing strikes any more. Resolves when all is mended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.mended();
  }

  /** Resolves when what has struck so far is mended. */
  async mended(): Promise<void> {
    while (this.#mending.size > 0) await Promise.all(this.#mending);
  }

  /** A call of a runner is at one of its moments. */
  onCall(end: End, at: CallAt): Fate | Promise<Fate> {
    return this.#meet((trigger) => isAt(trigger, end, at), at);
  }

  /** A file of the journal of the runner was seen to change. */
  onJournal(file: string): void {
    void this.#meet((trigger) => trigger.type === "journal" && trigger.file === file, undefined);
  }

  #meet(isMet: (trigger: Trigger) => boolean, at: CallAt | undefined): Fate | Promise<Fate> {
    if (this.#isBusy) return "pass";
    for (const armed of this.#armed) {
      const { trigger } = armed.point;
      if (!isMet(trigger)) continue;
      armed.seen += 1;
      if (armed.seen < (trigger.type === "call" || trigger.type === "journal" ? trigger.nth : 1)) continue;
      if (
        trigger.type === "call" &&
        trigger.delayMs > 0 &&
        (at?.moment === "sent" || at?.moment === "told")
      ) {
        // Its turn is kept for it.
        this.#keep(sleep(trigger.delayMs).then(() => this.#begin(armed, undefined)?.mended));
        return "pass";
      }
      const begun = this.#begin(armed, at);
      if (begun === undefined) continue;
      this.#keep(begun.mended);
      return begun.fate;
    }
    return "pass";
  }

  get #isBusy(): boolean {
    return this.#isOver || this.#mending.size >= this.#atOnceMax;
  }

  async #strikeAfter(armed: Armed, ms: number): Promise<void> {
    while (!this.#isOver && this.#armed.includes(armed)) {
      await sleep(ms);
      if (this.#isBusy) await this.mended();
      else {
        const begun = this.#begin(armed, undefined);
        if (begun !== undefined) this.#keep(begun.mended);
      }
    }
  }

  #begin(armed: Armed, at: CallAt | undefined): Strike | undefined {
    const { trigger } = armed.point;
    const begun = this.#strike(armed.point, at, trigger.type === "call" || trigger.type === "commit-noted");
    if (begun !== undefined) this.#armed.splice(this.#armed.indexOf(armed), 1);
    return begun;
  }

  #keep(mended: Promise<void> | Promise<void | undefined>): void {
    const kept = mended.then(() => {
      this.#mending.delete(kept);
      this.#lastAtMs = performance.now();
    });
    this.#mending.add(kept);
  }
}

function isAt(trigger: Trigger, end: End, { call, moment }: CallAt): boolean {
  if (trigger.type === "commit-noted") return call === "migration-publish" && moment === "asked";
  return trigger.type === "call" && trigger.end === end && trigger.call === call && trigger.moment === moment;
}
