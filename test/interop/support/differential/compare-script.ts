import { isDeepStrictEqual } from "node:util";
import type { BrickClient } from "@brickshift/brick-client";
import type { Deviation } from "./deviation.js";
import { finalTree } from "./final-tree.js";
import type { Outcome } from "./outcome.js";
import { ScriptRun } from "./script-run.js";
import type { Script, Step } from "./step.js";
import type { ComparedBrick } from "./two-bricks.js";

/** Where two bricks differ. */
export interface Difference {
  /** Number of the step, or how the trees differ in the end. */
  readonly step: number | "final tree";
  readonly of: Step | string;
  readonly ours: unknown;
  readonly stock: unknown;
}

/** What came of a script. */
export interface Comparison {
  readonly difference: Difference | undefined;
  /** Outcomes that were compared, by fop and success or errno. */
  readonly outcomes: readonly string[];
  /** Names of the deviations that were met. */
  readonly met: readonly string[];
  /** The deviation that ended it. */
  readonly endedBy: string | undefined;
}

/** Runs a script on both bricks, step by step, and compares all that can be seen. */
export async function compareScript(
  bricks: readonly [ComparedBrick, ComparedBrick],
  script: Script,
  run: number,
  deviations: readonly Deviation[],
): Promise<Comparison> {
  const [ours, stock] = await Promise.all(bricks.map((brick) => brick.connect()));
  if (ours === undefined || stock === undefined) throw new Error("two bricks are compared");
  try {
    return await compareBetween([ours, stock], script, run, deviations);
  } finally {
    await Promise.all([...ours, ...stock].map((client) => client.close()));
  }
}

async function compareBetween(
  [ours, stock]: readonly [readonly BrickClient[], readonly BrickClient[]],
  script: Script,
  run: number,
  deviations: readonly Deviation[],
): Promise<Comparison> {
  const sides = [new ScriptRun(ours, run), new ScriptRun(stock, run)] as const;
  await Promise.all(sides.map((side) => side.begin()));
  const outcomes: string[] = [];
  const met: string[] = [];
  for (const [index, step] of script.entries()) {
    const [ofOurs, ofStock] = await Promise.all([sides[0].step(step), sides[1].step(step)]);
    outcomes.push(`${step.fop} ${kindOf(ofStock)}`);
    if (isDeepStrictEqual(ofOurs, ofStock)) continue;
    const isGone = await sides[0].isOfGone(step);
    const deviation = deviations.find(({ explains }) => explains(step, ofOurs, ofStock, isGone));
    if (deviation === undefined) {
      const difference = { step: index, of: step, ours: ofOurs, stock: ofStock };
      return { difference, outcomes, met, endedBy: undefined };
    }
    met.push(deviation.name);
    if (deviation.parts) return { difference: undefined, outcomes, met, endedBy: deviation.name };
  }
  const [ourTree, stockTree] = await Promise.all([ours, stock].map((clients) => finalTree(clients[0]!, run)));
  return { difference: treeDifference(ourTree!, stockTree!), outcomes, met, endedBy: undefined };
}

function kindOf(outcome: Outcome): string {
  return (outcome["errno"] ?? outcome["thrown"] ?? "OK") as string;
}

function treeDifference(ours: Map<string, unknown>, stock: Map<string, unknown>): Difference | undefined {
  for (const path of new Set([...ours.keys(), ...stock.keys()])) {
    const [one, other] = [ours.get(path), stock.get(path)];
    if (!isDeepStrictEqual(one, other)) return { step: "final tree", of: path, ours: one, stock: other };
  }
  return undefined;
}
