import type { SeededRandom } from "@brickshift/testkit";
import { moments } from "../relay/call-at.js";
import { killPoints, steps } from "./kill-points.js";
import type { Act, End, Point, Trigger, Victim } from "./point.js";

const ends: readonly End[] = ["source", "destination"];
const victims: readonly Victim[] = ["runner", "runner", "source", "destination", "client"];

/** Something that goes wrong at some moment. */
export function randomPoint(random: SeededRandom, canFill: boolean): Point {
  const act = randomAct(random, canFill);
  if (act.type === "kill-late") {
    const late = killPoints.filter((point) => point.act.type === "kill-late");
    return { ...random.pick(late), act };
  }
  const trigger = randomTrigger(random);
  return { label: `${textOf(trigger)}: ${act.type}`, trigger, act };
}

function randomTrigger(random: SeededRandom): Trigger {
  const fate = random.next();
  if (fate < 0.25) return { type: "time", ms: random.below(800) };
  if (fate < 0.35) return { type: "journal", file: "journal", nth: 1 + random.below(30) };
  const [end, call] = random.pick(steps);
  const moment = random.pick(moments);
  return {
    type: "call",
    end,
    call,
    moment,
    nth: 1 + random.below(4),
    delayMs: random.pick([0, 0, 1, 2, 5, 15]),
  };
}

function textOf(trigger: Trigger): string {
  switch (trigger.type) {
    case "call":
      return `${trigger.call} at the ${trigger.end}, ${trigger.moment}`;
    case "journal":
      return "journal, something is noted";
    case "commit-noted":
      return "journal, a commit was noted";
    case "time":
      return "any time";
  }
}

function randomAct(random: SeededRandom, canFill: boolean): Act {
  const end = random.pick(ends);
  const who = random.pick(["runner", "runner", "client"] as const);
  if (canFill && random.chance(0.35)) {
    const leftBytes = random.pick([0, 8_192, 65_536, 262_144]);
    return { type: "full", end, leftBytes, forMs: random.pick([300, 1_500]) };
  }
  const fate = random.next();
  if (fate < 0.55)
    return { type: "kill", victim: random.pick(victims), downMs: random.pick([0, 0, 50, 400]) };
  if (fate < 0.62) return { type: "kill-late", lateMs: random.pick([20, 200, 700, 2_000]) };
  // The last is longer than a brick waits for the holder of a recalled lease.
  if (fate < 0.7)
    return { type: "stop", victim: random.pick(victims), forMs: random.pick([200, 1_400, 2_500]) };
  if (fate < 0.79) return { type: "cut", who, end };
  if (fate < 0.85) return { type: "sever", end, lingerMs: random.pick([5, 50, 300, 1_500]) };
  if (fate < 0.91) {
    const direction = random.pick(["to-brick", "to-client", "both"] as const);
    return {
      type: "half-open",
      who,
      end,
      direction,
      forMs: random.pick([100, 1_000, 3_000]),
      isCut: random.chance(0.5),
    };
  }
  if (fate < 0.97)
    return { type: "delay", who, end, delayMs: random.pick([5, 30, 150]), forMs: random.pick([500, 1_500]) };
  return { type: "second-runner" };
}
