import { parseArgs } from "node:util";
import { formatHistory } from "./check/history.js";
import { markNames, Marks, markTexts } from "./marks.js";
import { simulationOptions } from "./options.js";
import { headCommit, type SimulationResults, writeResults } from "./results.js";
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
    results: { type: "string" },
    json: { type: "boolean" },
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
/** Failing runs that are named in the results. */
const FAILING_MAX = 20;
// With --json nothing but the results is on standard output.
const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);

const marks = new Marks();
const faults = new Map<string, number>();
const failing: string[] = [];
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
  for (const [type, count] of verdict.faults) faults.set(type, (faults.get(type) ?? 0) + count);
  if (verdict.violations.length > 0) failures += 1;
  if (verdict.violations.length > 0 && failing.length < FAILING_MAX) failing.push(current);
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

// What is checked out may be another by the end.
const commit = headCommit();
const startedAtMs = performance.now();
const minutes = () => (performance.now() - startedAtMs) / 60_000;
const first = options.seed ?? options.from;
const count = options.seed === undefined ? options.seeds : 1;
let runs = 0;
let seeds = 0;
for (let seed = first; count === undefined ? minutes() < options.minutes : seed < first + count; seed += 1) {
  seeds += 1;
  for (const mode of modes) {
    if (failures >= options["failures-max"]) break;
    await runSeed(seed, mode);
    runs += 1;
  }
  if (failures >= options["failures-max"]) break;
}
const results: SimulationResults = {
  date: new Date().toISOString().slice(0, 10),
  commit,
  seeds: { from: first, count: seeds },
  modes: [...modes],
  runs,
  migrations,
  migrationsPerCoreMinute: Math.round((migrations / process.cpuUsage().user) * 60_000_000),
  minutes: Math.round(minutes() * 10) / 10,
  failures,
  failing,
  unjudged,
  faults: Object.fromEntries([...faults].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  marks: Object.fromEntries(markNames.map((mark) => [mark, marks.counts.get(mark) ?? 0])),
};
if (options.results !== undefined) writeResults(options.results, results);
if (options.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
else tellResults(results);

function tellResults({ migrationsPerCoreMinute, ...rest }: SimulationResults): void {
  say(
    `${rest.runs} runs, ${rest.migrations} migrations in ${minutes().toFixed(1)} minutes; ${migrationsPerCoreMinute} a minute of one core`,
  );
  say(`${rest.failures} runs failed, ${rest.unjudged} histories were too hard to judge`);
  if (options.seed !== undefined) return;
  for (const mark of markNames) say(`${String(rest.marks[mark]).padStart(7)} ${mark}: ${markTexts[mark]}`);
}
const missing = options["need-marks"] ? marks.missing : [];
if (missing.length > 0) say(`never reached: ${missing.join(", ")}`);
process.exitCode = failures + missing.length > 0 ? 1 : 0;
