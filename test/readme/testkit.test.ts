import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const readme = readFileSync(new URL("../../packages/testkit/README.md", import.meta.url), "utf8");
/** Among packages that know each other: the kit alone has no transport to run its snippet on. */
const directory = fileURLToPath(new URL("../node_modules/.readme-testkit/", import.meta.url));
const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];

it("testkit's README has a snippet that calls the suite", () => {
  expect(snippet).toContain("transportCompliance({");
});

// The snippet is a test file: its tests are those of the suite, and belong to this file.
describe("the snippet of testkit's README", async () => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}snippet.ts`, snippet);
  try {
    await import(/* @vite-ignore */ `${directory}snippet.ts`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
