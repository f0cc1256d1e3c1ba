import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmallDisk } from "@brickshift/testkit";
import { Command } from "commander";
import { chaosOptions } from "./options.js";
import { type ChaosEnd, playChaos, type RoundEnd } from "./chaos.js";
import { buildWithout } from "./mutated-programs.js";
import { builtPrograms } from "./processes/programs.js";

/** Characters of a violation that are printed; its file has all. */
const TEXT_MAX = 300;
const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values } = { values: parse(process.argv) };
const options = chaosOptions.parse(values);
const tell = options.json ? (event: object) => say(JSON.stringify(event)) : () => {};
const write = options.json ? () => {} : say;

function parse(argv: readonly string[]): Record<string, unknown> {
  const program = new Command("chaos")
    .description(
      "Kills, stops and cuts off real runners, bricks and clients, and checks what everybody was told.",
    )
    .option("--minutes <m>", "how long rounds are begun (default: 4.5)")
    .option("--from <seed>", "seed of the first round (default: 0)")
    .option("--rounds <n>", "so many rounds, however long they take")
    .option("--seed <n>", "one round: what can be chosen is chosen again; when processes run is not")
    .option("--stages <n>", "rounds at once (default: 2)")
    .option("--failures-max <n>", "failing rounds after which it ends (default: 3)")
    .option("--protection <kind>", "none: runners hold no leases, so that writes must be lost")
    .option("--mutant <rule>", "build the programs without a rule of test/mutation")
    .option("--results <file>", "write the report there as well, as JSON")
    .option(
      "--dir <directory>",
      "where stores, journals and histories are (default: a new one in the system's)",
    )
    .option("--json", "print NDJSON; the last line is the report");
  program.parse([...argv]);
  return program.opts();
}

function onRound({ seed, violations, directory, seconds, kills }: RoundEnd): void {
  const command = commandOf(seed);
  if (violations.length > 0) writeFileSync(join(directory, "violations.txt"), violations.join("\n\n"));
  tell({ event: "round", seed, violations, seconds, ...(violations.length > 0 && { command, directory }) });
  if (violations.length === 0) {
    write(`round ${seed} in ${seconds.toFixed(1)} s; ${kills} kills so far`);
    return;
  }
  write(`FAILS: ${command}`);
  write("  makes the same choices; what the machine does between them may differ");
  write(`  its stores, journals, histories and violations.txt: ${directory}`);
  for (const text of violations) write(`  ${text.slice(0, TEXT_MAX)}`);
}

function commandOf(seed: number): string {
  const { protection, mutant } = options;
  const control = protection === "none" ? " --protection none" : "";
  return `pnpm chaos --seed ${seed}${control}${mutant === undefined ? "" : ` --mutant ${JSON.stringify(mutant)}`}`;
}

function reportOf({ tally, minutes, failed }: ChaosEnd) {
  return {
    event: "report",
    date: new Date().toISOString().slice(0, 10),
    seeds: { first: options.seed ?? options.from, rounds: tally.rounds },
    minutes: Number(minutes.toFixed(2)),
    killsPerMinute: Number((tally.kills / minutes).toFixed(1)),
    protection: options.protection,
    mutant: options.mutant ?? null,
    fillsDisks: SmallDisk.canMount(),
    ...tally.figures(),
    killPointsNotReached: tally.missing.slice(0, 40),
    failures: failed.map(({ seed, violations }) => ({
      command: commandOf(seed),
      violations: violations.slice(0, 5).map((text) => text.slice(0, 300)),
    })),
  };
}

if (!SmallDisk.canMount()) write("without root no disk can be filled: rounds are without that");
const programs = options.mutant === undefined ? builtPrograms : buildWithout(options.mutant);
const report = reportOf(await playChaos(options, programs, onRound));
if (options.results !== undefined) writeFileSync(options.results, `${JSON.stringify(report, null, 2)}\n`);
if (options.json) say(JSON.stringify(report));
else for (const [what, value] of Object.entries(report)) say(`${what}: ${JSON.stringify(value)}`);
process.exit(report.failedRounds > 0 ? 1 : 0);
