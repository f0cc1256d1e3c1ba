import { type SeededRandom, seededRandom } from "@brickshift/testkit";
import { attributeMakers } from "./generate-attributes.js";
import { dataMakers } from "./generate-data.js";
import { entryMakers } from "./generate-entries.js";
import { lockMakers } from "./generate-locks.js";
import type { Maker, Makers } from "./maker.js";
import { ScriptModel } from "./script-model.js";
import type { Script, Step } from "./step.js";

const STEPS_MIN = 20;
const STEPS_MAX = 60;

/** Every script has some of everything; most are mainly about one kind of fop, which so meets its own kind. */
const groups = [entryMakers, dataMakers, attributeMakers, lockMakers];

/** The script of a seed, always the same. */
export function generateScript(seed: number): Script {
  const random = seededRandom(seed);
  const model = new ScriptModel(random);
  const favourite = random.below(groups.length + 1);
  const makers = groups.flatMap((group, index) =>
    group.map(([weight, make]) => [index === favourite ? weight * 4 : weight, make] as const),
  );
  const length = STEPS_MIN + random.below(STEPS_MAX - STEPS_MIN + 1);
  const steps: Step[] = [];
  while (steps.length < length) {
    const client = random.chance(0.25) ? 1 : 0;
    const owner = random.chance(0.2) ? 1 : 0;
    const step = pickWeighted(random, makers)(model, client);
    if (step !== undefined) steps.push({ client, owner, ...step });
  }
  return steps;
}

function pickWeighted(random: SeededRandom, makers: Makers): Maker {
  const total = makers.reduce((sum, [weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [weight, make] of makers) {
    left -= weight;
    if (left < 0) return make;
  }
  return (makers.at(-1) as readonly [number, Maker])[1];
}
