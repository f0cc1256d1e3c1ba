import { bugSections, bugTable } from "./bug-sections.js";
import * as results from "./results.js";
import {
  chaosSection,
  fuzzSection,
  modelSection,
  mutantsSection,
  simulationSection,
  soakSection,
  strykerSection,
} from "./run-sections.js";

/** The page, from the files of results in `folder`. */
export function correctnessPage(folder: string): string {
  const bugs = results.readResults(folder, "bugs", results.bugs) ?? [];
  const section = <T>(
    title: string,
    about: string,
    name: string,
    schema: Parameters<typeof results.readResults<T>>[2],
    write: (found: T) => string,
  ) => {
    const found = results.readResults(folder, name, schema);
    const figures =
      found === undefined
        ? `**No result is on record**: there is no \`docs/results/${name}.json\`.`
        : write(found);
    return [`### ${title}`, about, figures].join("\n\n");
  };
  return `${[
    "# What was tried, and what it found",
    "The product is that no write is lost. Anyone can say so. This page says how it was tried, and what came of it: the bugs, for a way of looking that has found none proves little.",
    "It is written by `pnpm correctness` from the files in [results](results), which the last long runs left there; a test fails when it says anything else. What was not run is said to be missing. The bugs are told in [bugs.json](results/bugs.json) by hand, and the tests that keep them out are looked for.",
    "## The bugs",
    `${bugs.length} so far, by what found them:`,
    bugTable(bugs),
    bugSections(bugs),
    "## What was run",
    section(
      "The simulation",
      "The production code, whole, in one process under a virtual clock, with every fault that we could think of; histories are judged by a linearizability check, and one seed replays a run to the last record. [How](../test/simulation/README.md).",
      "simulation",
      results.simulation,
      simulationSection,
    ),
    section(
      "Real processes",
      "Bricks, runners and clients as processes on real disks, killed with `kill -9`, stopped, cut off, their disks filled; the same judge.",
      "chaos",
      results.chaos,
      chaosSection,
    ),
    section(
      "A soak",
      "The demo under fire: the tree moves to and fro while everything is killed, and every byte is read back.",
      "soak",
      results.soak,
      soakSection,
    ),
    section(
      "The models",
      "All orders of events within small bounds, by SPIN. [What it means](model.md), [every search](model/RESULTS.md).",
      "model",
      results.model,
      modelSection,
    ),
    section(
      "Rules taken away",
      "A test that cannot fail proves nothing: each rule is taken out of the code, and something must notice. [The rules](../test/mutation).",
      "mutants",
      results.mutants,
      mutantsSection,
    ),
    section(
      "Anything changed anywhere",
      "General mutation testing of the two packages that decide.",
      "stryker",
      results.stryker,
      strykerSection,
    ),
    section(
      "Any bytes at all",
      "Whatever reads bytes that others made. [How](../test/fuzz/README.md).",
      "fuzz",
      results.fuzz,
      fuzzSection,
    ),
    "## What this does not show",
    [
      "- Nobody has proved the code. The models are searched, and they are not the code; the code is tried, and not searched.",
      "- Every fault here is one that somebody thought of. No disk of a simulation or of a killed process lies about a sync, or answers with other bytes than were written.",
      "- All of it ran on one kind of machine, of one byte order, and most of it beside other work: how often a state was reached says little, that it was reached says all.",
      "- Bugs that were found while a feature was written, by its first tests, are not counted.",
    ].join("\n"),
  ].join("\n\n")}\n`;
}
