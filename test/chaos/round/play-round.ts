import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "@brickshift/testkit";
import type { History } from "../../simulation/check/history.js";
import { readHistories } from "../clients/read-history.js";
import type { RoundPlan } from "../plan/round-plan.js";
import type { PlayerProcess } from "../processes/player-process.js";
import type { Programs } from "../processes/programs.js";
import { directClient } from "../scene/direct-client.js";
import { makeFiles } from "../scene/make-files.js";
import { brickAt, Scene } from "../scene/scene.js";
import type { Tally } from "../tally.js";
import { judgeAll } from "./final-read.js";
import { Leg } from "./leg.js";
import { Sentry } from "./sentry.js";
import { Striker } from "./striker.js";
import { Strikes } from "./strikes.js";
import { checkStores, leftOver } from "./when-quiet.js";

/** What rounds share. */
export interface RoundWorld {
  /** Where the round keeps its stores, journals and histories. */
  readonly directory: string;
  readonly programs: Programs;
  readonly players: readonly PlayerProcess[];
  readonly tally: Tally;
  readonly protection: "lease" | "none";
}

/** Time for which nothing may strike before the points that are left are given up, in ms. */
const IDLE_MS_MAX = 12_000;
/** Time in which a round ends, in ms, whatever happens. */
const ROUND_MS_MAX = 600_000;
/** Time for which clients write before anything moves, in ms. */
const WRITING_MS = 30;

/** Plays one round. @returns what must not have happened; none when all is well. */
export async function playRound(plan: RoundPlan, world: RoundWorld): Promise<readonly string[]> {
  const violations = new Set<string>();
  try {
    const played = new Round(plan, world, (text) => violations.add(text)).play();
    const late = sleep(ROUND_MS_MAX, `the round does not end within ${ROUND_MS_MAX} ms`, { ref: false });
    const text = await Promise.race([played, late]);
    if (text !== undefined) violations.add(text);
  } catch (error) {
    violations.add(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return [...violations];
}

class Round {
  readonly #plan: RoundPlan;
  readonly #world: RoundWorld;
  readonly #violate: (text: string) => void;
  #isSpoilt = false;
  #leg: Leg | undefined;

  constructor(plan: RoundPlan, world: RoundWorld, onViolation: (text: string) => void) {
    this.#plan = plan;
    this.#world = world;
    this.#violate = (text) => {
      this.#isSpoilt = true;
      onViolation(text);
    };
  }

  async play(): Promise<void> {
    const { directory, programs, players } = this.#world;
    let strikes: Strikes | undefined;
    const scene = await Scene.open({
      plan: this.#plan,
      directory,
      programs,
      players,
      onDeath: (text) => {
        this.#violate(text);
        this.#leg?.fail();
      },
      onCall: (brick) => (at) => {
        const leg = this.#leg;
        return leg === undefined
          ? "pass"
          : (strikes?.onCall(leg.source === brick ? "source" : "destination", at) ?? "pass");
      },
    });
    try {
      await makeFiles(scene);
      const sentry = new Sentry(scene, this.#violate);
      sentry.begin();
      for (let number = 0; number < scene.playerCount; number += 1) scene.play(number);
      await sleep(WRITING_MS);
      const { overlaps, points, seed } = this.#plan;
      const random = seededRandom(seed ^ 0x5eed);
      const { tally } = this.#world;
      const striker = new Striker({ scene, tally, random, leg: () => this.#leg, onViolation: this.#violate });
      strikes = new Strikes(points, overlaps, (point, at) => striker.strike(point, at));
      const source = await this.#move(scene, strikes, sentry);
      tally.notReached(strikes.left);
      await this.#look(scene, sentry, brickAt("destination", source));
    } catch (error) {
      this.#isSpoilt = true;
      throw error;
    } finally {
      await strikes?.end();
      if (this.#isSpoilt) await Promise.all(players.map((player) => player.kill()));
      await scene.close(this.#isSpoilt);
    }
  }

  /** Moves everything to and fro until every point has struck. @returns where everything came from the last time. */
  async #move(scene: Scene, strikes: Strikes, sentry: Sentry): Promise<0 | 1> {
    const { legsMax, seed } = this.#plan;
    const { programs, protection, tally } = this.#world;
    const random = seededRandom(seed ^ 0x1e6);
    for (let number = 1; ; number += 1) {
      const leg = new Leg({
        scene,
        source: number % 2 === 1 ? 0 : 1,
        number,
        runnerProgram: programs.runner,
        protection,
        random,
        onMoved: () => tally.moved(),
        onResumed: () => tally.resumed(),
        onJournal: (file) => strikes.onJournal(file),
        onViolation: this.#violate,
      });
      sentry.legBegins(leg.source);
      this.#leg = leg;
      const running = leg.run();
      const quiet = setInterval(() => {
        if (strikes.idleMs > IDLE_MS_MAX) void strikes.end();
        if (strikes.isOver) void strikes.mended().then(() => leg.quieten());
      }, 200);
      await running.finally(() => clearInterval(quiet));
      const isLast = number >= legsMax || strikes.isOver;
      if (!isLast && !this.#isSpoilt) continue;
      await strikes.end();
      this.#leg = undefined;
      return leg.source;
    }
  }

  /** Lets everybody go, and looks whether all is as it was promised. */
  async #look(scene: Scene, sentry: Sentry, where: 0 | 1): Promise<void> {
    const { players, tally } = this.#world;
    for (const player of players) tally.torn(await player.end());
    await sentry.end();
    tally.looked(sentry.looks);
    const history = readHistories(scene.histories);
    await this.#judge(scene, history, where);
    tally.judged(history);
    await scene.closeRelays();
    for (const text of await leftOver(scene)) this.#violate(text);
    for (const text of await checkStores(scene)) this.#violate(text);
    tally.checkedStores();
  }

  async #judge(scene: Scene, history: History, where: 0 | 1): Promise<void> {
    const here = await directClient(scene.bricks[where]);
    const other = await directClient(scene.bricks[brickAt("destination", where)]);
    try {
      for (const text of await judgeAll(scene, history, [here, other])) this.#violate(text);
    } finally {
      await Promise.all([here.close(), other.close()]);
    }
  }
}
