import { readFileSync } from "node:fs";
import { runReadmeSnippet } from "@brickshift/testkit";
import { errorCodes } from "@brickshift/wire";
import { expect, it } from "vitest";
import { leaseOptions } from "../src/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("has a snippet in the README that runs and prints what it says", async () => {
  const { printed, promised } = await runReadmeSnippet(new URL("..", import.meta.url));
  expect(printed).toEqual(promised);
  expect(promised).toHaveLength(3);
});

it("lists every code of this package in the README", () => {
  // FENCED is the brick's answer to a fence, WOULD_BLOCK what it makes of the admission.
  const others = ["LEASE_FENCED", "LEASE_WOULD_BLOCK"];
  const codes = Object.keys(errorCodes).filter((code) => code.startsWith("LEASE_") && !others.includes(code));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});

it("lists every option in the README with its default", () => {
  const spaced = (value: unknown) => String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
  const shown = (value: unknown) => (value === 2 ** 32 - 1 ? "2^32 − 1" : spaced(value));
  const rows = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const [name, value] of Object.entries(leaseOptions.parse({}))) {
    const row = rows.find((cells) => cells[1] === `\`${name}\``);
    expect([name, row?.[2]]).toEqual([name, shown(value)]);
  }
});
