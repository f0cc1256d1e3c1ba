import { readFileSync } from "node:fs";
import { runReadmeSnippet } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { Errno, errorCodes } from "../src/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("the snippet of the README runs and prints what it says", async () => {
  const { printed } = await runReadmeSnippet(new URL("..", import.meta.url));
  expect(printed).toEqual([["read", 4_096], [Errno.EISDIR]]);
});

it("the README lists every code of this package", () => {
  const codes = Object.keys(errorCodes).filter((code) => code.startsWith("WIRE_"));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});
