import { readFileSync } from "node:fs";
import { runReadmeSnippet } from "@brickshift/testkit";
import { errorCodes } from "@brickshift/wire";
import { expect, it } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("the snippet of the README runs and prints what it says", async () => {
  const { printed, promised } = await runReadmeSnippet(new URL("..", import.meta.url));
  expect(printed).toEqual(promised);
  expect(promised.length).toBeGreaterThan(0);
});

it("the README lists every code of this package", () => {
  const codes = Object.keys(errorCodes).filter((code) => /^(CLIENT|FOP)_/.test(code));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});
