import { readFileSync } from "node:fs";
import { runReadmeSnippet } from "@brickshift/testkit";
import { errorCodes } from "@brickshift/wire";
import { expect, it } from "vitest";
import { volumeOptionNames } from "../src/index.js";
import { describeKind } from "../src/option-kind.js";
import { specOf } from "../src/volume-options.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("has a snippet in the README that runs and prints what it says", async () => {
  const { printed } = await runReadmeSnippet(new URL("..", import.meta.url));
  expect(printed).toEqual([["demo-client-1"]]);
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
