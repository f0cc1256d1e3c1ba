import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runReadmeSnippet } from "../src/index.js";

const { log } = console;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "readme-snippet-"));
  mkdirSync(join(directory, "src"));
  writeFileSync(join(directory, "src", "index.ts"), "export const twice = (n: number): number => 2 * n;\n");
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "@example/twice" }));
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(readme: string) {
  writeFileSync(join(directory, "README.md"), readme);
  return runReadmeSnippet(pathToFileURL(`${directory}/`));
}

const snippet = (...lines: readonly string[]) =>
  ["# twice", "```ts", 'import { twice } from "@example/twice";', ...lines, "```", ""].join("\n");

it("tells what a snippet printed, what it says that it prints, and what it exports", async () => {
  const lines = ["console.log(twice(2)); // 5", "export const six: number = twice(3);"];
  const { printed, promised, exports } = await run(snippet(...lines));
  expect([printed, promised]).toEqual([[[4]], [["5"]]]);
  expect(exports).toMatchObject({ six: 6 });
});

it("takes what a later call prints at its word too", async () => {
  const lines = ["const tell = () => console.log(twice(1));", "tell(); // prints 2", "tell(); // once more"];
  const { printed, promised } = await run(snippet(...lines));
  expect([printed, promised]).toEqual([[[2], [2]], [["2"]]]);
});

it("fails as the snippet does, and leaves nothing behind", async () => {
  await expect(run(snippet('throw new Error("twice is too much");'))).rejects.toThrow("twice is too much");
  expect(console).toHaveProperty("log", log);
  expect(existsSync(join(directory, "node_modules", ".readme"))).toBe(false);
});

it("fails where there is no snippet", async () => {
  await expect(run("# twice\n")).rejects.toThrow("no snippet in the README");
});
