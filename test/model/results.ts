import { macrosOf, type ModelCase } from "./model-case.js";
import type { Found } from "./search.js";

/** The table of all searches. */
export function resultsPage(searched: ReadonlyMap<ModelCase, Found>, large: string): string {
  const head = [
    "# Results of the models",
    "",
    "Written by `pnpm model`; a test fails when the verdicts, the states or the depths are others. Seconds are of two shared cores, and of",
    "one search beside another.",
    "",
    "_Exhaustive_: every state within the bounds was seen. _Bitstate_: a state is one bit or more in a hash table, so that some are",
    "missed; the hash factor is bits for each state seen, and above 100 next to none is missed. A search that breaks ends at the first broken",
    "claim.",
    "",
  ];
  const rows = [...searched].map(([one, found]) => row(one, found));
  return `${[...head, ...HEAD, ...rows].join("\n")}\n\n${large}`;
}

/** The rows of searches that are run by hand. */
export function largeRows(searched: ReadonlyMap<ModelCase, Found>): string {
  return [...HEAD, ...[...searched].map(([one, found]) => row(one, found))].join("\n");
}

/** A page without what differs from run to run. */
export function withoutTimes(page: string): string {
  return page.replaceAll(/\| +[\d.]+ +\| +[\d.]+ +\|$/gm, "|");
}

const HEAD = [
  "| model | search | macros | verdict | how | states | depth | MiB | seconds |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

function row(one: ModelCase, found: Found): string {
  const how =
    found.hashFactor === undefined || one.bits === undefined
      ? one.verdict === "breaks"
        ? "breadth first"
        : "exhaustive"
      : `bitstate, 2^${one.bits} bits, hash factor ${found.hashFactor}`;
  const cells = [
    one.model,
    one.title,
    `\`${macrosOf(one).join(" ")}\``,
    found.isBroken ? "breaks" : "holds",
    how,
    String(found.states),
    String(found.depth),
    found.memoryMib.toFixed(0),
    found.seconds.toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
}
