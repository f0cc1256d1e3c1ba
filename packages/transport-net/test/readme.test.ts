import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** Inside the package, so that the snippet finds what the package depends on. */
const directory = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));

it("the snippet of the README runs and prints what it says", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const printed = [...snippet.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => [text]);
  const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    `${directory}snippet.ts`,
    snippet.replace('"@brickshift/transport-net"', JSON.stringify(entry)),
  );
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ `${directory}snippet.ts`);
    expect(log.mock.calls).toEqual(printed);
    expect(printed.length).toBeGreaterThan(0);
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
});
