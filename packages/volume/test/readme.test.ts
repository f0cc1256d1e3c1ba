import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorCodes } from "@brickshift/wire";
import { expect, it, vi } from "vitest";
import { volumeOptionNames } from "../src/index.js";
import { describeKind } from "../src/option-kind.js";
import { specOf } from "../src/volume-options.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** Inside the package, so that the snippet finds what the package depends on. */
const directory = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));

it("has a snippet in the README that runs and prints what it says", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}snippet.ts`, snippet.replace('"@brickshift/volume"', JSON.stringify(entry)));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ `${directory}snippet.ts`);
    expect(log.mock.calls).toEqual([["demo-client-1"]]);
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
});

it("lists every code in the README", () => {
  const codes = Object.keys(errorCodes).filter((code) => /^(VOLFILE|VOLUME)_/.test(code));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});

it("lists every option in the README with its default and its values", () => {
  const rows = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const name of volumeOptionNames) {
    const row = rows.find((cells) => cells[1] === `\`${name}\``);
    const { byDefault, kind } = specOf(name);
    const shown = byDefault === undefined ? "–" : `\`${byDefault}\``;
    expect([name, row?.[2], row?.[3]]).toEqual([name, shown, describeKind(kind)]);
  }
});
