import { readFileSync } from "node:fs";
import { errorCodes } from "@brickshift/wire";
import { expect, it } from "vitest";
import { rebalanceOptions } from "../src/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("the README lists every code of this package", () => {
  const codes = Object.keys(errorCodes).filter((code) => code.startsWith("REBALANCE_"));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});

it("the README lists every option, with its default when that is a number", () => {
  // A row may name several, with their defaults in the same order.
  const listed = new Map(
    [...readme.matchAll(/^\| (`[a-z][A-Za-z]+`[^|]*)\| ([^|]*)\|/gm)].flatMap(
      ([, names = "", values = ""]) => {
        const defaults = values.split(",").map((text) => text.trim());
        return [...names.matchAll(/`(\w+)`/g)].map(
          ([, name = ""], index) => [name, defaults[index]] as const,
        );
      },
    ),
  );
  const options = Object.entries(rebalanceOptions.parse({}));
  expect(Object.keys(rebalanceOptions.shape).filter((name) => !listed.has(name))).toEqual([]);
  const numbers = options.filter(([, value]) => typeof value === "number");
  expect(numbers.map(([name]) => [name, listed.get(name)])).toEqual(
    numbers.map(([name, value]) => [name, `${Number(value)}`]),
  );
});
