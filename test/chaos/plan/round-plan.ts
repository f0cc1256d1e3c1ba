import { seededRandom, type SeededRandom } from "@brickshift/testkit";
import type { ClientKind, ClientPlan, FilePlan } from "../../simulation/scenario.js";
import { killPoints } from "./kill-points.js";
import type { Point } from "./point.js";
import { randomPoint } from "./random-point.js";

/** Everything about one round that is chosen; the rest is up to the machine. */
export interface RoundPlan {
  readonly seed: number;
  /** `enumerated`: the next of all kill points in their order. `random`: points and faults of any kind. */
  readonly kind: "enumerated" | "random";
  /** `small`: each store is on a file system of its own that can be filled. */
  readonly disk: "usual" | "small";
  readonly files: readonly FilePlan[];
  /** Clients of each of the player processes. */
  readonly players: readonly (readonly ClientPlan[])[];
  readonly points: readonly Point[];
  /** Most times that everything is moved, to and fro, until all points have struck. */
  readonly legsMax: number;
  /** Files that move at once. */
  readonly concurrency: number;
  /** Whether something may strike while something else is not mended. */
  readonly overlaps: boolean;
  /** Share of the killed runners after which the next one begins with an empty journal. */
  readonly journalLostShare: number;
}

/** Points of one round: enough to make its beginning and end worth their time. */
export const POINTS_PER_ROUND = 18;
/** Neighbours in the list of all kill points are alike; those of one round are this far apart in it. */
const STRIDE = 17;
/** Clients write until they are told to end. */
const FOR_EVER = 1_000_000_000;

/** The round that a seed stands for: with an even one some of all kill points, in turn, with an odd one anything. */
export function roundPlanOf(seed: number, canFill: boolean): RoundPlan {
  const random = seededRandom(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 8; skipped += 1) random.next();
  const kind = seed % 2 === 0 ? "enumerated" : "random";
  const disk = canFill && kind === "random" && random.chance(0.4) ? "small" : "usual";
  const isRenamed = kind === "random" && random.chance(0.2);
  const files = filesOf(random, isRenamed);
  const players = playersOf(random, isRenamed);
  const hasLooker = players.flat().some(({ kind }) => kind === "looker");
  return {
    seed,
    kind,
    disk,
    files,
    players,
    points:
      kind === "enumerated"
        ? enumerated(seed / 2)
        : Array.from({ length: POINTS_PER_ROUND }, () => randomPoint(random, disk === "small")),
    // Who renames takes the lock of a file on the first brick, where stock clients take it of a file that is moved from there.
    legsMax: isRenamed ? 1 : 8,
    concurrency: random.pick([2, 3, 6]),
    overlaps: kind === "random" && random.chance(0.3),
    // A flip whose journal is lost and whose link file a client removes is found by no run: see the simulation.
    journalLostShare: kind === "random" && !hasLooker ? random.pick([0, 0.2]) : 0,
  };
}

function enumerated(round: number): Point[] {
  return Array.from({ length: POINTS_PER_ROUND }, (_, index) => {
    const place = ((round * POINTS_PER_ROUND + index) * STRIDE) % killPoints.length;
    return killPoints[place] as Point;
  });
}

/** Sizes in blocks: some are copied under one lease, some in passes. */
function filesOf(random: SeededRandom, isRenamed: boolean): FilePlan[] {
  const sizes = [0, 1, 12, 16, 32, 60, 100, 150];
  return Array.from({ length: 6 + random.below(4) }, (_, index) => ({
    name: `file${index}`,
    blocks: index === 0 ? 12 : index === 1 ? 100 : random.pick(sizes),
    isResized: index === 1 || random.chance(0.3),
    isRenamed: isRenamed && random.chance(0.5),
    isUnlinked: false,
  }));
}

function playersOf(random: SeededRandom, isRenamed: boolean): ClientPlan[][] {
  const kinds: readonly ClientKind[] = ["writer", "hammer", "reader", "repeater", "dual-writer", "oblivious"];
  const first: ClientKind[] = ["writer", "hammer", ...(isRenamed ? (["renamer"] as const) : [])];
  const second: ClientKind[] = ["hammer", "truncater", random.pick(kinds), random.pick(kinds)];
  if (random.chance(0.3)) second.push("looker");
  if (random.chance(0.08)) second.push("silent-holder");
  const pauseMsMax = random.pick([15, 40, 100]);
  return [first, second].map((own, player) =>
    own.map((kind, index) => ({
      name: `p${player + 1}c${index + 1}`,
      kind,
      operations: kind === "silent-holder" ? 6 : FOR_EVER,
      pauseMsMax: kind === "silent-holder" ? 3_000 : pauseMsMax,
    })),
  );
}
