import type { CallName } from "../../simulation/world/call-name.js";
import { type Moment, moments } from "../relay/call-at.js";
import type { End, JournalFile, Point, Trigger, Victim } from "./point.js";

type Step = readonly [End, CallName];

/** Calls by which a file moves: its leases and locks, the copy, and the steps of the flip. */
export const steps: readonly Step[] = [
  ["source", "lease-set"],
  ["source", "inodelk"],
  ["source", "read"],
  ["source", "getxattr"],
  ["destination", "mknod"],
  ["destination", "migration-target"],
  ["destination", "write"],
  ["destination", "fsync"],
  ["destination", "lease-set"],
  ["destination", "getxattr"],
  ["destination", "migration-prepare"],
  ["source", "migration-commit"],
  ["destination", "migration-publish"],
  ["destination", "migration-abort"],
  ["source", "lease-unlock"],
  ["destination", "lease-unlock"],
];
const flip: readonly Step[] = steps.filter(([, call]) => /prepare|commit|publish/.test(call));
/** What may land late, when nobody wants it any more. */
const landing: readonly Step[] = steps.filter(([, call]) => /lease|mknod|write|migration/.test(call));

/**
 * Steps of the journal, all of the runner: its beginning, an intent, a commit noted, a file forgotten, the notes in between.
 * Where a call brackets a step it says so; a delay after it lets the step be under way.
 */
const journalSteps: readonly (readonly [string, Trigger])[] = [
  ...(["lock", "journal.new"] as const).flatMap((file) => changes("the run begins", file, 2)),
  ...[0, 1, 2, 4].map((ms) => after("an intent is noted", "source", "lease-set", ms)),
  ["an intent was noted", at("destination", "migration-prepare", "asked")],
  ...[0, 1, 2, 4].map((ms) => after("a commit is noted", "source", "migration-commit", ms)),
  ["a commit was noted", { type: "commit-noted" }],
  ...[0, 1, 2, 4].map((ms) => after("a file is forgotten", "destination", "migration-publish", ms)),
  ["a file was forgotten", at("source", "lease-unlock", "asked")],
  ...changes("something is noted", "journal", 12),
];

/** A kill for every step of a move, every moment of it, and everybody who can die of it. */
export const killPoints: readonly Point[] = [
  ...steps.flatMap((step) =>
    moments.flatMap((moment) =>
      (["runner", "source", "destination"] as const).map((victim) => kill(step, moment, victim)),
    ),
  ),
  ...flip.flatMap((step) => moments.map((moment) => kill(step, moment, "client"))),
  ...landing.map(([end, call]): Point => ({
    label: `${call} at the ${end}, asked: kill of the runner, it lands late`,
    trigger: at(end, call, "asked"),
    act: { type: "kill-late", lateMs: 700 },
  })),
  ...journalSteps.map(([what, trigger]): Point => ({
    label: `journal, ${what}${trigger.type === "call" && trigger.delayMs > 0 ? ` (${trigger.delayMs} ms)` : ""}${trigger.type === "journal" ? ` (${trigger.file} ${trigger.nth})` : ""}: kill of the runner`,
    trigger,
    act: { type: "kill", victim: "runner", downMs: 0 },
  })),
];

function kill([end, call]: Step, moment: Moment, victim: Victim): Point {
  return {
    label: `${call} at the ${end}, ${moment}: kill of the ${victim}`,
    trigger: at(end, call, moment),
    act: { type: "kill", victim, downMs: 0 },
  };
}

function at(end: End, call: CallName, moment: Moment, delayMs = 0): Trigger {
  return { type: "call", end, call, moment, nth: 1, delayMs };
}

function after(what: string, end: End, call: CallName, delayMs: number): readonly [string, Trigger] {
  return [what, at(end, call, "told", delayMs)];
}

/** The first `count` changes of a file, each a point of its own. */
function changes(what: string, file: JournalFile, count: number): (readonly [string, Trigger])[] {
  return Array.from({ length: count }, (_, index) => [what, { type: "journal", file, nth: index + 1 }]);
}
