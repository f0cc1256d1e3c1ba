import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmallDisk } from "@brickshift/testkit";
import type { ChaosOptions } from "./options.js";
import { roundPlanOf } from "./plan/round-plan.js";
import { PlayerProcess } from "./processes/player-process.js";
import type { Programs } from "./processes/programs.js";
import { playRound } from "./round/play-round.js";
import { Tally } from "./tally.js";

/** A round that has ended. */
export interface RoundEnd {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Where its stores, journals and histories are, when it failed. */
  readonly directory: string;
  readonly seconds: number;
  /** Kills so far. */
  readonly kills: number;
}

/** What all rounds came to. */
export interface ChaosEnd {
  readonly tally: Tally;
  readonly minutes: number;
  readonly failed: readonly RoundEnd[];
}

/** Players of one stage. */
const PLAYERS = 2;

/** Plays rounds, some at once, until the time is over. */
export async function playChaos(
  options: ChaosOptions,
  programs: Programs,
  onRound: (end: RoundEnd) => void,
): Promise<ChaosEnd> {
  const { seed, from, rounds, minutes, stages, failuresMax, protection } = options;
  const scratch = options.dir ?? mkdtempSync(join(tmpdir(), "brickshift-chaos-"));
  mkdirSync(scratch, { recursive: true });
  const tally = new Tally();
  const failed: RoundEnd[] = [];
  const startedAtMs = performance.now();
  const minutesSoFar = () => (performance.now() - startedAtMs) / 60_000;
  const first = seed ?? from;
  const most = seed === undefined ? rounds : 1;
  let begun = 0;
  const mayBegin = () =>
    failed.length < failuresMax && (most === undefined ? minutesSoFar() < minutes : begun < most);

  const stage = async () => {
    const players = Array.from({ length: PLAYERS }, () => new PlayerProcess());
    while (mayBegin()) {
      const roundSeed = first + begun;
      begun += 1;
      const directory = join(scratch, `round-${roundSeed}`);
      const roundAtMs = performance.now();
      const world = { directory, programs, players, tally, protection };
      const violations = await playRound(roundPlanOf(roundSeed, SmallDisk.canMount()), world);
      tally.rounds += 1;
      const seconds = (performance.now() - roundAtMs) / 1_000;
      const end = { seed: roundSeed, violations, directory, seconds, kills: tally.kills };
      if (violations.length > 0) {
        tally.failedRounds += 1;
        tally.lostWrites += violations.filter((text) => text.startsWith("LOST ")).length;
        failed.push(end);
      }
      onRound(end);
    }
    await Promise.all(players.map((player) => player.kill()));
  };
  await Promise.all(Array.from({ length: most === undefined ? stages : Math.min(stages, most) }, stage));
  if (failed.length === 0) rmSync(scratch, { recursive: true, force: true });
  return { tally, minutes: minutesSoFar(), failed };
}
