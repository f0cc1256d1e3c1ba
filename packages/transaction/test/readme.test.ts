import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import type { Destination, Grant, Source } from "../src/index.js";
import { MemoryFile } from "./memory-file.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** Inside the package, so that the snippet finds what the package depends on. */
const directory = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));

interface Snippet {
  readonly copyWhole: (source: Source, destination: Destination) => Promise<Grant | undefined>;
}

it("the snippet of the README copies a file and returns the lease that it is equal under", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    `${directory}snippet.ts`,
    snippet.replace('"@brickshift/transaction"', JSON.stringify(entry)),
  );
  try {
    const { copyWhole } = (await import(/* @vite-ignore */ `${directory}snippet.ts`)) as Snippet;
    const source = new MemoryFile(seededRandom(1).bytes(300_000));
    const destination = new MemoryFile(new Uint8Array(0));
    const lease = await copyWhole(source, destination);
    expect(destination.bytes).toEqual(source.bytes);
    expect(source.log.at(-1)).toBe("acquire exclusive");
    expect(lease?.leaseId).toBe(`l${source.log.filter((line) => line.startsWith("acquire")).length}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
