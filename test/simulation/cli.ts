import { parseArgs } from "node:util";
import { formatHistory } from "./check/history.js";
import { Marks, markTexts } from "./marks.js";
import { simulationOptions } from "./options.js";
import { runScenario, type Verdict } from "./run-scenario.js";
import type { Mode } from "./scenario.js";
import { commandOf, type Cuts, cutScenario, shrink } from "./shrink.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string" },
    seeds: { type: "string" },
    minutes: { type: "string" },
    mode: { type: "string" },
    without: { type: "string" },
    "operations-max": { type: "string" },
    trace: { type: "boolean" },
    "need-marks": { type: "boolean" },
    quick: { type: "boolean" },
    "failures-max": { type: "string" },
  },
});
const options = simulationOptions.parse(values);
const modes: readonly Mode[] = options.mode === "both" ? ["safety", "liveness"] : [options.mode];
const given: Cuts = {
  without: options.without === "" ? [] : options.without.split(","),
  operationsMax: options["operations-max"] ?? Number.POSITIVE_INFINITY,
};
const say = (line: string) => void process.stdout.write(`${line}\n`);

const marks = new Marks();
let migrations = 0;
let failures = 0;
let unjudged = 0;
let current = "";
process.on("unhandledRejection", (error) => {
  say(`${current}: nobody handled ${error instanceof Error ? error.stack : String(error)}`);
  process.exit(1);
});

function tell({ violations, history, digest }: Verdict): void {
  for (const text of violations) say(`  ${text}`);
  if (violations.length > 0) say(`history:\n${formatHistory(history.operations)}`);
  say(`digest ${digest.toString(16)}`);
}

async function runSeed(seed: number, mode: Mode): Promise<void> {
  current = commandOf(seed, mode, given);
  const isOne = options.seed !== undefined;
  const verdict = await runScenario(cutScenario(seed, mode, given), options.trace ? say : undefined);
  marks.add(verdict.marks);
  migrations += verdict.migrations;
  unjudged += verdict.history.unjudged;
  if (verdict.violations.length > 0) failures += 1;
  if (isOne) tell(verdict);
  if (isOne || verdict.violations.length === 0) return;
  say(`FAILS: ${current}`);
  if (options.quick) {
    for (const text of verdict.violations) say(`  ${text}`);
    return;
  }
  const [cuts, shrunk] = await shrink(seed, mode, verdict, given);
  tell(shrunk);
  say(`the shortest that still fails: ${commandOf(seed, mode, cuts)}`);
}

const startedAtMs = performance.now();
const minutes = () => (performance.now() - startedAtMs) / 60_000;
const first = options.seed ?? options.from;
const count = options.seed === undefined ? options.seeds : 1;
let runs = 0;
for (let seed = first; count === undefined ? minutes() < options.minutes : seed < first + count; seed += 1) {
  for (const mode of modes) {
    if (failures >= options["failures-max"]) break;
    await runSeed(seed, mode);
    runs += 1;
  }
  if (failures >= options["failures-max"]) break;
}
const { user } = process.cpuUsage();
const perMinute = Math.round((migrations / user) * 60_000_000);
say(
  `${runs} runs, ${migrations} migrations in ${minutes().toFixed(1)} minutes; ${perMinute} a minute of one core`,
);
say(`${failures} runs failed, ${unjudged} histories were too hard to judge`);
if (options.seed === undefined) {
  for (const [mark, text] of Object.entries(markTexts)) {
    say(`${String(marks.counts.get(mark as keyof typeof markTexts) ?? 0).padStart(7)} ${mark}: ${text}`);
  }
}
const missing = options["need-marks"] ? marks.missing : [];
if (missing.length > 0) say(`never reached: ${missing.join(", ")}`);
process.exitCode = failures + missing.length > 0 ? 1 : 0;
