import { table } from "./markdown.js";
import type { Bug } from "./results.js";

const headings: Readonly<Record<Bug["found"], string>> = {
  simulation: "By the simulation",
  model: "By the model checker",
  chaos: "By killing real processes",
  fuzz: "By feeding any bytes",
  walks: "By seeded walks over parts",
  mutation: "By taking rules away",
  stock: "By stock clients and bricks beside ours",
  before: "Before there were seeds",
};
const intros: Partial<Record<Bug["found"], string>> = {
  before:
    "These came of thinking about single steps, and no seed is on record. They are here because most of them are of the kind that the simulation has found since: two things that are right, in an order that nobody had thought of.",
};

/** The bugs, each as a story, by what found them. */
export function bugSections(bugs: readonly Bug[]): string {
  const kinds = Object.keys(headings) as Bug["found"][];
  return kinds
    .flatMap((kind) => {
      const found = bugs.filter((bug) => bug.found === kind);
      if (found.length === 0) return [];
      const intro = intros[kind];
      return [`### ${headings[kind]}`, ...(intro === undefined ? [] : [intro]), ...found.map(story)];
    })
    .join("\n\n");
}

/** How many each way of looking has found. */
export function bugTable(bugs: readonly Bug[]): string {
  const kinds = Object.keys(headings) as Bug["found"][];
  const rows = kinds.flatMap((kind) => {
    const found = bugs.filter((bug) => bug.found === kind);
    return found.length === 0
      ? []
      : [[headings[kind], String(found.length), found.map(({ title }) => title).join("; ")]];
  });
  return table(["found", "", "what"], rows);
}

function story({ title, seeds, story: text, commit, tests }: Bug): string {
  const again = seeds.length === 0 ? "" : `Found by ${seeds.join("; ")}. `;
  const kept = [...new Set(tests.map(({ file }) => `[${file}](../${file})`))].join(", ");
  return `**${title}.** ${text}\n\n${again}Mended by \`${commit}\`; kept out by ${kept}.`;
}
