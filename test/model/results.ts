import { readFileSync } from "node:fs";
import { macrosOf, type ModelCase } from "./model-case.js";
import type { Found } from "./search.js";

/** One search and what it came to, as `docs/results/model.json` and `docs/model/large.json` have it. */
export interface SearchResult {
  readonly model: string;
  readonly title: string;
  readonly macros: string;
  readonly verdict: "holds" | "breaks";
  /** `exhaustive`, `breadth first`, or `bitstate` with its bits and its hash factor. */
  readonly how: string;
  readonly states: number;
  readonly depth: number;
  readonly memoryMib: number;
  readonly seconds: number;
}

export function resultOf(one: ModelCase, found: Found): SearchResult {
  const how =
    found.hashFactor === undefined || one.bits === undefined
      ? one.verdict === "breaks"
        ? "breadth first"
        : "exhaustive"
      : `bitstate, 2^${one.bits} bits, hash factor ${found.hashFactor}`;
  return {
    model: one.model,
    title: one.title,
    macros: macrosOf(one).join(" "),
    verdict: found.isBroken ? "breaks" : "holds",
    how,
    states: found.states,
    depth: found.depth,
    memoryMib: Math.round(found.memoryMib),
    seconds: Number(found.seconds.toFixed(1)),
  };
}

/** The results in a file. */
export function readResults(path: string): readonly SearchResult[] {
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly searches: readonly SearchResult[] }).searches;
}

/** The text of a file of results. */
export function resultsText(searches: readonly SearchResult[]): string {
  const date = new Date().toISOString().slice(0, 10);
  return `${JSON.stringify({ date, searches }, undefined, 2)}\n`;
}

/** The table of all searches: those of every day, and those that were run by hand. */
export function resultsPage(daily: readonly SearchResult[], large: readonly SearchResult[]): string {
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
  const between = [
    "",
    "## Large searches",
    "",
    "Run by hand with `BRICKSHIFT_MODEL=large pnpm model`, which writes [large.json](large.json) and takes some forty minutes; these took",
    "less than 3 GiB of memory each.",
    "",
  ];
  return `${[...head, ...HEAD, ...daily.map(row), ...between, ...HEAD, ...large.map(row)].join("\n")}\n`;
}

/** Results without what differs from run to run. */
export function withoutTimes(searches: readonly SearchResult[]): readonly SearchResult[] {
  return searches.map((search) => ({ ...search, memoryMib: 0, seconds: 0 }));
}

const HEAD = [
  "| model | search | macros | verdict | how | states | depth | MiB | seconds |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

function row(found: SearchResult): string {
  const { model, title, macros, verdict, how, states, depth, memoryMib, seconds } = found;
  const cells = [model, title, `\`${macros}\``, verdict, how, states, depth, memoryMib, seconds.toFixed(1)];
  return `| ${cells.join(" | ")} |`;
}
