import { opendir, readdir, unlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

const ENTRIES = sizeOf("ENTRIES", 10_000);
/** At one time. */
const WIDTH = 64;

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it(`holds a directory of ${ENTRIES} entries`, async () => {
  const directory = `${volume.path}/large`;
  await program("mkdir", [directory]);
  const names = Array.from({ length: ENTRIES }, (_, index) => `entry-${index}`);
  await inParallel(names, (name) => writeFile(`${directory}/${name}`, ""));

  const listed = (await program("ls", ["-U", directory])).stdout.trimEnd().split("\n");
  expect(listed.length).toBe(ENTRIES);
  expect(new Set(listed)).toEqual(new Set(names));
  expect((await program("find", [directory, "-type", "f"])).stdout.trimEnd().split("\n").length).toBe(
    ENTRIES,
  );

  // Every third goes, and as many come, while the directory is read: of the others each is listed, and none twice.
  const gone = new Set(names.filter((_, index) => index % 3 === 0));
  const seen: string[] = [];
  const removals = inParallel([...gone], async (name) => {
    await unlink(`${directory}/${name}`);
    await writeFile(`${directory}/new-${name}`, "");
  });
  for await (const { name } of await opendir(directory)) seen.push(name);
  await removals;
  expect(new Set(seen).size).toBe(seen.length);
  const stayed = names.filter((name) => !gone.has(name));
  const seenOnes = new Set(seen);
  expect(stayed.filter((name) => !seenOnes.has(name))).toEqual([]);
  const after = new Set([...stayed, ...[...gone].map((name) => `new-${name}`)]);
  const listedAfter = await readdir(directory);
  expect(listedAfter.length).toBe(ENTRIES);
  expect(new Set(listedAfter)).toEqual(after);

  await program("rm", ["-r", directory]);
  expect(await readdir(volume.path)).toEqual([]);
  await volume.finish();
});

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
