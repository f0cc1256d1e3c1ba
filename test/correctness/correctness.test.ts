import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../style/source-files.js";
import { correctnessPage } from "./page.js";
import { bugs, readResults } from "./results.js";

const folder = join(root, "docs/results");
const kept = readResults(folder, "bugs", bugs) ?? [];

it("is what the files of results say, and nothing else", () => {
  const path = join(root, "docs/correctness.md");
  const page = correctnessPage(folder);
  if (process.env["BRICKSHIFT_CORRECTNESS"] === "write") writeFileSync(path, page);
  expect(readFileSync(path, "utf8")).toBe(page);
});

it.each(kept)("names tests that are there: $title", ({ tests }) => {
  for (const { file, text } of tests) expect(readFileSync(join(root, file), "utf8"), file).toContain(text);
});

it("is linked from where people look", () => {
  for (const file of ["README.md", "ARCHITECTURE.md"]) {
    expect(readFileSync(join(root, file), "utf8")).toContain("docs/correctness.md");
  }
});
