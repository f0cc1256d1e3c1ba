import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const snippets = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, snippet = ""]) => snippet);
/** Inside the package, so that a snippet finds what the package depends on. */
const directory = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));
const places: Readonly<Record<string, string>> = {
  '"@brickshift/brick"': JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url))),
  '"@brickshift/brick/store-disk"': JSON.stringify(
    fileURLToPath(new URL("../src/store-disk.ts", import.meta.url)),
  ),
  // The store of the snippet goes with the directory.
  '"/tmp/brick-"': JSON.stringify(`${directory}store-`),
};

it.each([
  ["server", snippets[0], []],
  ["tree", snippets[1], [["5"]]],
])("the snippet of the README about a %s runs and prints what it says", async (name, snippet = "", said) => {
  const printed = [...snippet.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => [text]);
  expect(printed).toEqual(said);
  mkdirSync(directory, { recursive: true });
  const source = snippet.replaceAll(/"[^"\n]*"/g, (text) => places[text] ?? text);
  writeFileSync(`${directory}${name}.ts`, source);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ `${directory}${name}.ts`);
    expect(log.mock.calls.map((values) => values.map(String))).toEqual(printed);
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
});

it("has two snippets", () => {
  expect(snippets).toHaveLength(2);
});
