import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "@brickshift/testkit";
import type { Act, Point, Victim } from "../plan/point.js";
import type { CallAt, Fate } from "../relay/call-at.js";
import { isCommitNoted } from "../scene/journal-watch.js";
import { brickAt, type Scene } from "../scene/scene.js";
import type { Tally } from "../tally.js";
import type { Leg } from "./leg.js";
import type { Strike } from "./strikes.js";

/** What acts act on. */
export interface StrikerWorld {
  readonly scene: Scene;
  readonly tally: Tally;
  readonly random: SeededRandom;
  /** The leg that is under way; `undefined` between two. */
  readonly leg: () => Leg | undefined;
  readonly onViolation: (text: string) => void;
}

/** Carries out acts. */
export class Striker {
  readonly #world: StrikerWorld;
  #clients = 0;
  readonly #paused = new Set<Victim>();

  constructor(world: StrikerWorld) {
    this.#world = world;
  }

  /** Carries out the act of a point at once; `undefined` when whom it is about is not there now. */
  strike(point: Point, at: CallAt | undefined): Strike | undefined {
    const leg = this.#world.leg();
    if (leg === undefined || !this.#isThere(point.act, leg)) return undefined;
    const { tally, onViolation } = this.#world;
    if (point.trigger.type === "commit-noted") return this.#killOnceNoted(point, leg, at);
    tally.struck(point);
    const mended = this.#carryOut(point.act, leg).catch((error: unknown) =>
      onViolation(`${point.label}: ${error instanceof Error ? error.message : String(error)}`),
    );
    return { fate: fateOf(point, at), mended };
  }

  #isThere(act: Act, leg: Leg): boolean {
    const { scene } = this.#world;
    switch (act.type) {
      case "kill":
      case "stop":
        if (this.#paused.has(act.victim)) return false;
        if (act.victim === "runner") return leg.isRunning;
        return act.victim === "client" || scene.bricks[brickAt(act.victim, leg.source)].port !== 0;
      case "kill-late":
      case "second-runner":
        return leg.isRunning;
      case "cut":
      case "sever":
      case "half-open":
      case "delay":
      case "full":
        return true;
    }
  }

  async #carryOut(act: Act, leg: Leg): Promise<void> {
    const { scene } = this.#world;
    switch (act.type) {
      case "kill":
        return this.#kill(act, leg);
      case "kill-late":
        await Promise.all([this.#killRunner(leg), sleep(act.lateMs)]);
        return;
      case "stop":
        return this.#stop(act, leg);
      case "cut":
        scene.relay(act.who, brickAt(act.end, leg.source)).cut();
        return;
      case "sever":
        scene.relay("runner", brickAt(act.end, leg.source)).sever(act.lingerMs);
        return;
      case "half-open":
        return scene.relay(act.who, brickAt(act.end, leg.source)).block(act.direction, act.forMs, act.isCut);
      case "delay":
        return scene.relay(act.who, brickAt(act.end, leg.source)).slow(act.delayMs, act.forMs);
      case "full": {
        const disk = scene.disks[brickAt(act.end, leg.source)];
        disk?.fill(act.leftBytes);
        await sleep(act.forMs);
        disk?.empty();
        return;
      }
      case "second-runner":
        leg.addSecond();
        return;
    }
  }

  async #kill({ victim, downMs }: Extract<Act, { type: "kill" }>, leg: Leg): Promise<void> {
    const { scene } = this.#world;
    if (victim === "runner") return this.#killRunner(leg);
    if (victim === "client") {
      const number = this.#nextClient();
      await scene.player(number).kill();
      scene.play(number);
      return;
    }
    const brick = scene.bricks[brickAt(victim, leg.source)];
    await brick.kill();
    await sleep(downMs);
    await brick.start();
  }

  async #killRunner(leg: Leg): Promise<void> {
    const { random, scene } = this.#world;
    await leg.kill(random.chance(scene.plan.journalLostShare));
  }

  /** Holds the publication up until the journal has noted the commit, and kills the runner then. */
  #killOnceNoted(point: Point, leg: Leg, at: CallAt | undefined): Strike {
    const { tally } = this.#world;
    const noted = isCommitNoted(leg.journal, at?.gfid);
    const killed = noted.then((isNoted) => {
      if (isNoted) tally.struck(point);
      return this.#killRunner(leg);
    });
    return { fate: noted.then(() => "drop" as const), mended: killed };
  }

  async #stop({ victim, forMs }: Extract<Act, { type: "stop" }>, leg: Leg): Promise<void> {
    const { scene } = this.#world;
    const number = this.#nextClient();
    const brick =
      victim === "source" || victim === "destination" ? scene.bricks[brickAt(victim, leg.source)] : undefined;
    const target = brick ?? (victim === "client" ? scene.player(number) : undefined);
    this.#paused.add(victim);
    if (target === undefined) leg.signal("SIGSTOP");
    else target.pause();
    await sleep(forMs);
    if (target === undefined) leg.signal("SIGCONT");
    else target.goOn();
    this.#paused.delete(victim);
  }

  #nextClient(): number {
    this.#clients += 1;
    return this.#clients;
  }
}

/** A record is lost with the end that it comes from or goes to. */
function fateOf({ act, trigger }: Point, at: CallAt | undefined): Fate {
  if (at === undefined || trigger.type !== "call") return "pass";
  if (act.type === "kill-late") return { lateMs: act.lateMs };
  if (act.type !== "kill" || act.victim === "client") return "pass";
  return act.victim === "runner" || act.victim === trigger.end ? "drop" : "pass";
}
