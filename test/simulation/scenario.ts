import { seededRandom, type SeededRandom } from "@brickshift/testkit";
import type { CallName } from "./world/call-name.js";

/** Whether faults may go on for ever, or stop so that the migration must end. */
export type Mode = "safety" | "liveness";

export interface FilePlan {
  readonly name: string;
  readonly blocks: number;
  readonly isResized: boolean;
  readonly isRenamed: boolean;
  readonly isUnlinked: boolean;
}

export const clientKinds = [
  "writer",
  "hammer",
  "reader",
  "truncater",
  "dual-writer",
  "oblivious",
  "repeater",
  "renamer",
  "unlinker",
  "half-unlinker",
  "looker",
  "silent-holder",
  "thief",
  "annotator",
] as const;
export type ClientKind = (typeof clientKinds)[number];

export interface ClientPlan {
  readonly name: string;
  readonly kind: ClientKind;
  readonly operations: number;
  readonly pauseMsMax: number;
}

/** When a fault strikes: as the n-th call of that name of any runner is sent or answered. */
export interface Trigger {
  readonly what: "sent" | "answered";
  readonly call: CallName | "any";
  readonly nth: number;
}

/** What goes wrong. Times in ms; `Infinity`: for ever. */
export type FaultAct =
  | { readonly type: "cut"; readonly who: "runner" | "clients"; readonly brick: 0 | 1 }
  | { readonly type: "sever"; readonly brick: 0 | 1; readonly lingerMs: number }
  | {
      readonly type: "block";
      readonly brick: 0 | 1;
      readonly direction: "to-brick" | "to-runner" | "both";
      readonly forMs: number;
    }
  | { readonly type: "slow"; readonly brick: 0 | 1; readonly delayMs: number; readonly forMs: number }
  | { readonly type: "kill-brick" | "power-cut"; readonly brick: 0 | 1; readonly downMs: number }
  | { readonly type: "kill-runner"; readonly keepsJournal: boolean; readonly againAfterMs: number }
  | { readonly type: "pause-runner"; readonly forMs: number }
  | { readonly type: "stall-brick"; readonly brick: 0 | 1; readonly forMs: number }
  | { readonly type: "jump"; readonly who: "runner" | 0 | 1; readonly byMs: number }
  | { readonly type: "set-wall-clock"; readonly brick: 0 | 1; readonly byMs: number }
  | { readonly type: "full"; readonly brick: 0 | 1; readonly forMs: number }
  | { readonly type: "disk-errors"; readonly brick: 0 | 1; readonly share: number; readonly forMs: number }
  | { readonly type: "second-runner" };

export interface FaultPlan {
  readonly name: string;
  readonly trigger: Trigger;
  readonly act: FaultAct;
}

/** Everything about one run that is not chance while it runs. */
export interface Scenario {
  readonly seed: number;
  readonly mode: Mode;
  readonly files: readonly FilePlan[];
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly FaultPlan[];
  /** Longest time that a record takes on a good link, in ms. */
  readonly delayMsMax: number;
  /** Whether the runs after the faults have no journal of those before. */
  readonly losesJournals: boolean;
  /** Whether there is a third brick, to which everything moves on from the second: after so long, in ms. */
  readonly movesOnAfterMs: number | undefined;
}

/** The bricks of a run by their numbers: files begin on 0, and move to 1; on to 2 where there is one. */
export type BrickNumber = 0 | 1 | 2;

/** The scenario that a seed stands for. */
export function scenarioOf(seed: number, mode: Mode): Scenario {
  const random = seededRandom(seed * 2 + (mode === "safety" ? 0 : 1));
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 8; skipped += 1) random.next();
  const files = many(random, 1, 3, (index) => filePlan(random, index));
  return withMore(seed, mode, {
    seed,
    mode,
    files,
    clients: clientPlans(random, files),
    faults: random.chance(0.1)
      ? []
      : many(random, 1, mode === "safety" ? 5 : 3, (index) => ({
          name: `f${index + 1}`,
          trigger: trigger(random),
          act: faultAct(random, mode),
        })),
    delayMsMax: random.pick([1, 2, 5, 20]),
    losesJournals: false,
    movesOnAfterMs: undefined,
  });
}

/** What came later to scenarios: by chance of its own, so that a seed means what it meant. */
function withMore(seed: number, mode: Mode, scenario: Scenario): Scenario {
  const random = seededRandom((seed * 2 + (mode === "safety" ? 0 : 1)) ^ 0x5afe);
  for (let skipped = 0; skipped < 8; skipped += 1) random.next();
  const more = { ...scenario, losesJournals: random.chance(0.4) };
  const themed = random.chance(0.12) ? random.pick([withLostFlip, withFailedAbort])(more) : more;
  const watched = random.chance(0.2) ? withClient(themed, "thief", 6 + random.below(10)) : themed;
  const movesOnAfterMs = random.chance(0.15) ? random.below(400) : undefined;
  const noted = random.chance(0.2) ? withClient(watched, "annotator", 8 + random.below(20)) : watched;
  return movesOnAfterMs === undefined ? noted : movingOn(noted, movesOnAfterMs);
}

/** Clients that change names know of two bricks only. */
const ofTwoBricks: ReadonlySet<ClientKind> = new Set(["renamer", "unlinker", "half-unlinker", "looker"]);

/** Everything moves on to a third brick, while it comes to the second. */
function movingOn(scenario: Scenario, movesOnAfterMs: number): Scenario {
  return {
    ...scenario,
    movesOnAfterMs,
    files: scenario.files.map((file) => ({ ...file, isRenamed: false, isUnlinked: false })),
    clients: scenario.clients.filter(({ kind }) => !ofTwoBricks.has(kind)),
  };
}

/** A runner dies between the halves of a flip and leaves no journal, and a client takes the link file for a stale one. */
function withLostFlip(scenario: Scenario): Scenario {
  const act = { type: "kill-runner", keepsJournal: false, againAfterMs: 4_000 } as const;
  const trigger = { what: "sent", call: "migration-publish", nth: 1 } as const;
  return withFault(withClient({ ...scenario, losesJournals: true }, "looker", 40), { trigger, act });
}

/** A file is removed while it is copied, and the disk of the destination fails when its target is to be dropped. */
function withFailedAbort(scenario: Scenario): Scenario {
  const removed = scenario.files.find(({ isRenamed }) => !isRenamed);
  if (removed === undefined) return scenario;
  const files = scenario.files.map((file) =>
    file === removed ? { ...file, blocks: 100, isUnlinked: true } : file,
  );
  const slow = { type: "slow", brick: 1, delayMs: 50, forMs: 4_000 } as const;
  const slowly = withFault(withClient({ ...scenario, files, losesJournals: true }, "half-unlinker", 1), {
    trigger: { what: "sent", call: "mknod", nth: 1 },
    act: slow,
  });
  const act = { type: "disk-errors", brick: 1, share: 1, forMs: 12_000 } as const;
  return withFault(slowly, { trigger: { what: "sent", call: "migration-abort", nth: 1 }, act });
}

function withClient(scenario: Scenario, kind: ClientKind, operations: number): Scenario {
  const client = { name: `c${scenario.clients.length + 1}`, kind, operations, pauseMsMax: 20 };
  return { ...scenario, clients: [...scenario.clients, client] };
}

function withFault(scenario: Scenario, fault: Omit<FaultPlan, "name">): Scenario {
  return {
    ...scenario,
    faults: [...scenario.faults, { name: `f${scenario.faults.length + 1}`, ...fault }],
  };
}

function filePlan(random: SeededRandom, index: number): FilePlan {
  const fate = random.next();
  return {
    name: `file${index}`,
    blocks: random.pick([0, 1, 12, 16, 40, 80, 100, 150]),
    isResized: fate < 0.3,
    isRenamed: fate >= 0.3 && fate < 0.45,
    isUnlinked: fate >= 0.45 && fate < 0.52,
  };
}

function clientPlans(random: SeededRandom, files: readonly FilePlan[]): ClientPlan[] {
  const kinds: ClientKind[] = many(random, 1, 2, () =>
    random.pick(["writer", "writer", "hammer", "dual-writer", "oblivious", "repeater"]),
  );
  if (random.chance(0.25)) kinds.push("hammer", "hammer");
  if (random.chance(0.6)) kinds.push("reader");
  if (files.some(({ isResized }) => isResized)) kinds.push("truncater");
  if (files.some(({ isRenamed }) => isRenamed)) kinds.push("renamer");
  if (files.some(({ isUnlinked }) => isUnlinked)) kinds.push("unlinker");
  if (random.chance(0.25)) kinds.push("looker");
  if (random.chance(0.15)) kinds.push("silent-holder");
  return kinds.map((kind, index) => ({
    name: `c${index + 1}`,
    kind,
    operations: kind === "silent-holder" ? 3 : 4 + random.below(16),
    pauseMsMax: random.pick([1, 5, 20, 100]),
  }));
}

/** Calls around which the rules are subtle. */
const subtle: readonly CallName[] = [
  "lease-set",
  "lease-unlock",
  "read",
  "write",
  "mknod",
  "put",
  "inodelk",
  "migration-prepare",
  "migration-prepare",
  "migration-commit",
  "migration-commit",
  "migration-publish",
  "migration-target",
  "migration-abort",
];

function trigger(random: SeededRandom): Trigger {
  const what = random.pick(["sent", "answered"] as const);
  if (random.chance(0.4)) return { what, call: "any", nth: 5 + random.below(60) };
  return { what, call: random.pick(subtle), nth: 1 + random.below(3) };
}

function faultAct(random: SeededRandom, mode: Mode): FaultAct {
  const brick = random.pick([0, 1] as const);
  const forMs =
    mode === "safety" && random.chance(0.2)
      ? Number.POSITIVE_INFINITY
      : random.pick([50, 500, 4_000, 12_000]);
  switch (random.below(18)) {
    case 0:
    case 1:
    case 2:
      return { type: "cut", who: "runner", brick };
    case 3:
      return { type: "cut", who: "clients", brick };
    case 4:
      return {
        type: "block",
        brick,
        direction: random.pick(["to-brick", "to-runner", "both"]),
        forMs,
      };
    case 5:
      return { type: "slow", brick, delayMs: random.pick([50, 400, 3_000]), forMs };
    case 6:
      return { type: "kill-brick", brick, downMs: random.pick([10, 300, 3_000]) };
    case 7:
      return { type: "power-cut", brick, downMs: random.pick([10, 300, 3_000]) };
    case 8:
    case 9:
      return {
        type: "kill-runner",
        keepsJournal: random.chance(0.6),
        againAfterMs: random.pick([5, 200, 5_000]),
      };
    case 10:
      return { type: "pause-runner", forMs: random.pick([800, 4_000, 30_000]) };
    case 11:
      return { type: "stall-brick", brick, forMs: 10_000 };
    case 12:
      return random.chance(0.7)
        ? { type: "jump", who: random.pick(["runner", 0, 1]), byMs: random.pick([1_000, 5_000, 60_000]) }
        : { type: "set-wall-clock", brick, byMs: random.pick([-3_600_000, 3_600_000]) };
    case 13:
      return random.chance(0.5)
        ? { type: "full", brick: random.chance(0.8) ? 1 : 0, forMs }
        : { type: "disk-errors", brick, share: random.pick([0.1, 0.5, 1]), forMs };
    case 14:
      return { type: "second-runner" };
    default:
      return { type: "sever", brick, lingerMs: random.pick([5, 40, 150, 1_000]) };
  }
}

function many<T>(random: SeededRandom, min: number, max: number, make: (index: number) => T): T[] {
  return Array.from({ length: min + random.below(max - min + 1) }, (_, index) => make(index));
}
