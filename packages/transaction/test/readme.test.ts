import { runReadmeSnippet, seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import type { Destination, Grant, Source } from "../src/index.js";
import { MemoryFile } from "./memory-file.js";

interface Snippet {
  readonly copyWhole: (source: Source, destination: Destination) => Promise<Grant | undefined>;
}

it("the snippet of the README copies a file and returns the lease that it is equal under", async () => {
  const { exports } = await runReadmeSnippet(new URL("..", import.meta.url));
  const { copyWhole } = exports as Snippet;
  const source = new MemoryFile(seededRandom(1).bytes(300_000));
  const destination = new MemoryFile(new Uint8Array(0));
  const lease = await copyWhole(source, destination);
  expect(destination.bytes).toEqual(source.bytes);
  expect(source.log.at(-1)).toBe("acquire exclusive");
  expect(lease?.leaseId).toBe(`l${source.log.filter((line) => line.startsWith("acquire")).length}`);
});
