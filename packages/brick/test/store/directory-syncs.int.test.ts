import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DirectorySyncs } from "../../src/store/disk/directory-syncs.js";

it("brings names to disk for all that wait for a directory, and again for those that came later", async () => {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-syncs-"));
  const syncs = new DirectorySyncs();
  const done: number[] = [];
  const wait = async (ticket: number) => {
    await syncs.wait(directory, ticket);
    done.push(ticket);
  };
  const [first, second] = [syncs.made(directory), syncs.made(directory)];
  const early = [wait(second), wait(first)];
  const late = wait(syncs.made(directory));
  await Promise.all([...early, late]);
  // The late name was made after the first sync had begun, so it took one more.
  expect(done).toEqual([2, 1, 3]);
  await syncs.wait(directory, 3);
  await syncs.wait(join(directory, "never used"), 1);
  syncs.close();
  rmSync(directory, { recursive: true });
});
