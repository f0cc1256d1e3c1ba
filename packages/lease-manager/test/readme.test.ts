import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorCodes } from "@brickshift/wire";
import { expect, it, vi } from "vitest";
import { leaseOptions } from "../src/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** Inside the package, so that the snippet finds what the package depends on. */
const directory = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));

it("has a snippet in the README that runs and prints what it says", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const printed = [...snippet.matchAll(/; \/\/ prints (.*)/g)].map(([, word]) => word);
  const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    `${directory}snippet.ts`,
    snippet.replace('"@brickshift/lease-manager"', JSON.stringify(entry)),
  );
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ `${directory}snippet.ts`);
    expect(log.mock.calls.flat()).toEqual(printed);
    expect(printed).toHaveLength(3);
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
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
