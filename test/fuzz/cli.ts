import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readCorpus } from "./corpus.js";
import { Coverage } from "./coverage.js";
import { explore, type Explored } from "./explore.js";
import { fuzzOptions } from "./options.js";
import { repositoryRoot } from "./repository-root.js";
import type { FuzzTarget } from "./target.js";
import { targets } from "./targets.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    target: { type: "string" },
    seed: { type: "string" },
    "keep-reached": { type: "boolean" },
    write: { type: "boolean" },
  },
});
const options = fuzzOptions.parse(values);
const chosen = targets.filter(({ name }) => name.includes(options.target));
if (chosen.length === 0) throw new Error(`no target has "${options.target}" in its name`);
// Making stack traces of refusals would take most of the time.
Error.stackTraceLimit = 2;

const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Part of the time in which code that was never reached is looked for; counting makes the program several times slower. */
const LOOKING = 0.4;
const results: { readonly target: FuzzTarget; readonly explored: Explored; readonly seconds: number }[] = [];
const shareMs = (options.minutes * 60_000) / chosen.length;
for (const [index, target] of chosen.entries()) {
  const startedAtMs = performance.now();
  const explored = await exploreTwice(target, options.seed + 2 * index, startedAtMs);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  results.push({ target, explored, seconds });
  const { inputs, accepted, refused, reached, failures } = explored;
  say(
    `${target.name}: ${inputs} inputs in ${seconds.toFixed(0)} s, ${accepted} accepted, ${refused} refused, ${reached} reached new code, ${failures.length} failed`,
  );
  for (const { message, hex, kept } of failures) say(`  ${message}\n  ${hex}\n  kept as ${kept}`);
}

/** Looks for new code first, then goes on from what was found as fast as it can. */
async function exploreTwice(target: FuzzTarget, seed: number, startedAtMs: number): Promise<Explored> {
  const bounds = { inputsMax: Infinity, keeps: true, keepsReached: options["keep-reached"] };
  const coverage = new Coverage((url) => url.endsWith("fuzz.mjs"));
  const first = await explore(
    target,
    { ...bounds, seed, endsAtMs: startedAtMs + LOOKING * shareMs },
    coverage,
  );
  coverage.close();
  if (first.failures.length > 0) return first;
  const more = { ...bounds, seed: seed + 1, endsAtMs: startedAtMs + shareMs, pool: first.pool };
  const second = await explore(target, more);
  return {
    ...second,
    inputs: first.inputs + second.inputs,
    accepted: first.accepted + second.accepted,
    refused: first.refused + second.refused,
    reached: first.reached,
  };
}

if (options.write) {
  const folder = join(repositoryRoot, "docs/results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "fuzz.json"), `${JSON.stringify(report(), undefined, 2)}\n`);
}
process.exit(results.some(({ explored }) => explored.failures.length > 0) ? 1 : 0);

/** Shape: see the README of this folder. */
function report() {
  return {
    date: new Date().toISOString().slice(0, 10),
    minutes: options.minutes,
    seed: options.seed,
    targets: results.map(({ target, explored, seconds }) => ({
      name: target.name,
      holds: target.holds,
      inputs: explored.inputs,
      accepted: explored.accepted,
      refused: explored.refused,
      reachedNewCode: explored.reached,
      corpus: readCorpus(target).size,
      failures: explored.failures.length,
      seconds: Math.round(seconds),
    })),
  };
}
