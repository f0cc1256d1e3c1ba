import type { z } from "zod";
import { markTexts } from "../simulation/marks.js";
import { list, number, table, when } from "./markdown.js";
import type { chaos, fuzz, model, mutants, simulation, soak, stryker } from "./results.js";

type Of<T extends z.ZodType> = z.output<T>;

export function simulationSection(found: Of<typeof simulation>): string {
  const { runs, migrations, failures, unjudged = 0, seeds, minutes, faults, marks } = found;
  const which = seeds === undefined ? "" : ` of the seeds from ${number(seeds.from)} on`;
  const time = minutes === undefined ? "" : ` in ${number(minutes)} minutes`;
  const rows = Object.entries(markTexts).map(([mark, text]) => [
    text,
    mark in marks ? number(marks[mark] ?? 0) : "not looked for in that run",
  ]);
  return [
    `${number(runs)} runs${which} with ${number(migrations)} migrations${time}${when(found)}: ${number(failures)} failed, ${number(unjudged)} histories were too hard to judge.`,
    ...(faults === undefined ? [] : [`Faults: ${list(faults)}.`]),
    "The states that a run must get into to be worth anything, and how often it was:",
    table(["state", "reached"], rows),
  ].join("\n\n");
}

export function chaosSection(found: Of<typeof chaos>): string {
  const { rounds, minutes, failedRounds, kills, killsByVictim, killPoints, faults } = found;
  const failed = found.failures.map(
    ({ command, violations }) => `- \`${command}\`: ${violations.join("; ").replaceAll("\n", " ")}`,
  );
  return [
    `${number(rounds)} rounds in ${number(minutes)} minutes${when(found)}, ${number(failedRounds)} failed; ${number(kills)} kills (${list(killsByVictim)}), at ${number(killPoints.reached)} of ${number(killPoints.all)} kill points.`,
    `Besides: ${list(faults)}.`,
    ...(failed.length === 0 ? [] : [`What failed:\n\n${failed.join("\n")}`]),
    table(
      [
        "migrations",
        "resumed",
        "writes acknowledged",
        "reads checked",
        "histories too hard to judge",
        "stores checked",
        "lost writes",
      ],
      [
        [
          found.migrations,
          found.resumes,
          found.acknowledgedWrites,
          found.readsChecked,
          found.historiesTooHard,
          found.storesChecked,
          found.lostWrites,
        ].map(number),
      ],
    ),
  ].join("\n\n");
}

export function modelSection(found: Of<typeof model>): string {
  const holds = found.searches.filter(({ verdict }) => verdict === "holds");
  const breaks = found.searches.filter(({ verdict }) => verdict === "breaks");
  const states = holds.reduce((sum, search) => sum + search.states, 0);
  const partial = holds.filter(({ how }) => how !== "exhaustive");
  return [
    `${number(found.searches.length)} searches${when(found)}. In ${number(holds.length)} no claim can be broken: ${number(states)} states together, ${number(holds.length - partial.length)} of them searched to the last state, ${number(partial.length)} by bitstate, where some are missed. ${number(breaks.length)} with a rule taken away, or with an assumption that the algorithm of 2016 needs, end at a counterexample, as they must.`,
    table(
      ["model", "what was searched without finding anything", "how", "states", "depth"],
      holds
        .toSorted((one, other) => other.states - one.states)
        .slice(0, 8)
        .map((search) => [
          search.model,
          search.title,
          search.how,
          number(search.states),
          number(search.depth),
        ]),
    ),
  ].join("\n\n");
}

export function mutantsSection(found: Of<typeof mutants>): string {
  const { rules, killed, survived, mutants: all } = found;
  const bySimulation = all.filter(({ by, killedBy }) => by === "simulation" && killedBy !== null).length;
  const slowest = Math.max(0, ...all.map(({ seconds }) => seconds));
  const alive = all.filter(({ killedBy }) => killedBy === null).map(({ rule }) => `- ${rule}`);
  return [
    `${number(rules)} rules that keep writes from being lost, each taken away in turn${when(found)}: ${number(killed)} noticed, ${number(bySimulation)} of them by the simulation; ${number(survived)} not. The slowest took ${number(slowest)} s.`,
    ...(alive.length === 0 ? [] : [`Not noticed:\n\n${alive.join("\n")}`]),
  ].join("\n\n");
}

export function strykerSection(found: Of<typeof stryker>): string {
  return [
    `Changes that a program makes wherever it can, rather than rules${when(found)}:`,
    table(
      ["package", "changes", "noticed", "not", "score"],
      found.packages.map(({ name, mutants: all, killed, survived, score }) => [
        name,
        number(all),
        number(killed),
        number(survived),
        `${number(score)} %`,
      ]),
    ),
  ].join("\n\n");
}

export function fuzzSection(found: Of<typeof fuzz>): string {
  const inputs = found.targets.reduce((sum, target) => sum + target.inputs, 0);
  const failures = found.targets.reduce((sum, target) => sum + target.failures, 0);
  return [
    `${number(inputs)} inputs in ${number(found.minutes)} minutes${when(found)}, ${number(failures)} of which did what must not be.`,
    table(
      ["what reads them", "inputs", "refused", "new code", "what holds for any bytes"],
      found.targets.map(({ name, inputs: fed, refused, reachedNewCode, holds }) => [
        name,
        number(fed),
        number(refused),
        number(reachedNewCode),
        holds,
      ]),
    ),
  ].join("\n\n");
}

export function soakSection(found: Of<typeof soak>): string {
  const { command, rounds, filesMoved, kills, acknowledgedWrites, lostWrites } = found;
  return `\`${command}\`${when(found)}: ${number(filesMoved)} files and links moved to and fro in ${number(rounds)} rounds, kills: ${list(kills)}; ${number(acknowledgedWrites)} writes acknowledged, ${number(lostWrites)} lost.`;
}
