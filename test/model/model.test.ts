import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { copyCases } from "./copy-cases.js";
import { claimOf, counterexamplePage } from "./counterexamples.js";
import { flipCases } from "./flip-cases.js";
import { macrosOf, type ModelCase } from "./model-case.js";
import { readResults, resultOf, resultsPage, resultsText, withoutTimes } from "./results.js";
import { runnersCases } from "./runners-cases.js";
import { seedCases } from "./seed-cases.js";
import { type Found, search } from "./search.js";

const folder = join(import.meta.dirname, "../../docs/model");
const pagePath = join(folder, "RESULTS.md");
const largePath = join(folder, "large.json");
const jsonPath = join(folder, "../results/model.json");
const isLarge = process.env["BRICKSHIFT_MODEL"] === "large";
/** Writes the pages instead of comparing them; a human reads the difference. */
const isWriting = process.env["BRICKSHIFT_MODEL"] === "write";

const cases = [...copyCases, ...flipCases, ...runnersCases, ...seedCases].filter(
  (one) => (one.isLarge === true) === isLarge,
);
const found = new Map<ModelCase, Found>();

/** In the order of the cases, whichever came to its end first. */
function searched(): ReadonlyMap<ModelCase, Found> {
  return new Map(
    cases.flatMap((one) => {
      const result = found.get(one);
      return result === undefined ? [] : [[one, result] as const];
    }),
  );
}

describe.concurrent("a model", () => {
  it.each(cases)("$model: $title", async (one) => {
    const result = await search(one);
    found.set(one, result);
    expect(result.isBroken, [...macrosOf(one), ...result.trail].join("\n")).toBe(one.verdict === "breaks");
    expect(claimOf(result.trail)).toBe(one.claim);
  });
});

describe.skipIf(isLarge)("the searches", () => {
  it("that hold have been at every statement of their model", () => {
    const models = new Set(cases.map(({ model }) => model));
    for (const model of models) {
      const runs = [...searched()].flatMap(([one, { unreached }]) =>
        one.model === model && one.verdict === "holds" && one.rules === undefined ? [new Set(unreached)] : [],
      );
      expect(runs.length).toBeGreaterThan(0);
      const never = [...(runs[0] ?? [])].filter((statement) => runs.every((run) => run.has(statement)));
      expect(never, model).toEqual([]);
    }
  });

  it.each([...new Set(cases.map(({ model }) => model))])(
    "that break are told as they are in %s.md",
    (model) => {
      const page = counterexamplePage(model, searched());
      const path = join(folder, `${model}.md`);
      if (isWriting) writeFileSync(path, page);
      expect(readFileSync(path, "utf8")).toBe(page);
    },
  );

  it("have the figures of RESULTS.md, and of model.json", () => {
    const daily = [...searched()].map(([one, result]) => resultOf(one, result));
    const large = readResults(largePath);
    if (isWriting) {
      writeFileSync(pagePath, resultsPage(daily, large));
      writeFileSync(jsonPath, resultsText([...daily, ...large]));
    }
    const kept = readResults(jsonPath);
    expect(withoutTimes(kept)).toEqual(withoutTimes([...daily, ...large]));
    // The page has the times of the file.
    expect(readFileSync(pagePath, "utf8")).toBe(resultsPage(kept.slice(0, daily.length), large));
  });
});

describe.runIf(isLarge)("the large searches", () => {
  it("are all made, and kept in large.json", () => {
    const large = [...searched()].map(([one, result]) => resultOf(one, result));
    expect(large).toHaveLength(cases.length);
    writeFileSync(largePath, resultsText(large));
  });
});
