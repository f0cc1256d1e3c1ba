import { macrosOf, type ModelCase } from "./model-case.js";
import type { Found } from "./search.js";

const CLAIM = "CLAIM ";

/** The claim that a trail breaks. */
export function claimOf(trail: readonly string[]): string | undefined {
  return trail.find((line) => line.startsWith(CLAIM))?.slice(CLAIM.length);
}

/** The page of a model: each counterexample as a numbered story. */
export function counterexamplePage(model: string, searched: ReadonlyMap<ModelCase, Found>): string {
  const broken = [...searched].filter(([one]) => one.model === model && one.verdict === "breaks");
  const sections = broken.map(([one, { trail }]) => section(one, trail));
  const head = [
    `# Counterexamples of ${model}.pml`,
    "",
    `Written by \`pnpm model\` from the trails of the model checker; a test fails when they are not current. Each is one of`,
    `the shortest. The model is [test/model/${model}.pml](../../test/model/${model}.pml), what it all means is in [model.md](../model.md).`,
  ];
  return `${[head.join("\n"), ...sections].join("\n\n")}\n`;
}

function section(one: ModelCase, trail: readonly string[]): string {
  const steps = trail.filter((line) => !line.startsWith(CLAIM));
  return [
    `## ${one.title[0]?.toUpperCase()}${one.title.slice(1)}`,
    "",
    one.about,
    "",
    `\`${macrosOf(one).join(" ")}\``,
    "",
    ...steps.map((line, index) => `${index + 1}. ${line.replace(/^([^:]+):/, "**$1**:")}`),
    "",
    `Broken: _${claimOf(trail) ?? "the run ends nowhere"}_.`,
  ].join("\n");
}
