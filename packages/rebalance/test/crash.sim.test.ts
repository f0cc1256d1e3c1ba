import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type Journal, MemoryJournal } from "../src/index.js";
import { dataFiles, readAnywhere, writeAnywhere } from "./file-clients.js";
import { type Fate, Mortality } from "./mortal-port.js";
import { makeDirectory, makeFile, random, rebalance, statByName, twoBricks } from "./two-bricks.js";

/** A directory with a small file that has two names, another that has one, one of some chunks, and an empty one. */
async function smallTree() {
  const bricks = await twoBricks();
  const { source } = bricks;
  const directory = await makeDirectory(source, "d");
  const contents = new Map<Gfid, Buffer>();
  const add = async (name: string, bytes: number) => {
    const content = random.bytes(bytes);
    const gfid = await makeFile(source, name, content, { parent: directory, xattrs: { "user.k": name } });
    contents.set(gfid, Buffer.from(content));
    return gfid;
  };
  const small = await add("small", 3_000);
  await source.fops.link({ oldgfid: small, newgfid: ROOT_GFID, newbname: "second" });
  await add("whole", 700);
  await add("large", 10_000);
  await add("empty", 0);
  return { ...bricks, directory, contents };
}

const optionsWith = (wholeFileBytesMax: number) => ({
  wholeFileBytesMax,
  concurrency: 1,
  stepTriesMax: 3,
  attemptsMax: 3,
  copy: { chunkBytes: 4_096, chunkBytesMax: 16_384, backoffMs: 1, backoffMaxMs: 1, replaysMax: 4 },
});
type Options = ReturnType<typeof optionsWith>;

/** How many calls a run makes that nothing happens to. */
async function countCalls(options: Options): Promise<readonly string[]> {
  const { source, destination, contents, close } = await smallTree();
  const mortality = new Mortality();
  const report = await rebalance(options).run({
    source: mortality.port(source),
    destination: mortality.port(destination),
  });
  expect(report.counts.moved).toBe(contents.size);
  await close();
  return mortality.names;
}

/** Runs until the fatal call, ends the runner's connections, and lets a client write. */
async function runUntil(options: Options, fate: Fate, fatal: number, journal: Journal) {
  const tree = await smallTree();
  const { connect, contents } = tree;
  const mortality = new Mortality(fate, fatal);
  const [source, destination] = [await connect("b0"), await connect("b1")];
  const ports = { source: mortality.port(source), destination: mortality.port(destination) };
  const report = await rebalance(options)
    .run({ ...ports, journal })
    .catch(() => undefined);
  await Promise.all([source.close(), destination.close()]);
  const bricks = [tree.source, tree.destination];
  for (const [gfid, content] of contents) {
    expect(await dataFiles(bricks, gfid)).toBeLessThanOrEqual(1);
    const seen = await readAnywhere(bricks, gfid);
    expect(seen?.equals(content)).not.toBe(false);
    const payload = Buffer.from(`after call ${fatal}`);
    if (await writeAnywhere(bricks, gfid, 1, payload)) {
      const longer = Buffer.alloc(Math.max(content.length, 1 + payload.length));
      content.copy(longer);
      payload.copy(longer, 1);
      contents.set(gfid, longer);
    }
  }
  return { ...tree, bricks, report };
}

async function expectMoved({
  source,
  destination,
  contents,
  directory,
}: Awaited<ReturnType<typeof runUntil>>) {
  for (const [gfid, content] of contents) {
    expect((await readAnywhere([destination], gfid))?.equals(content)).toBe(true);
    expect(await dataFiles([source], gfid)).toBe(0);
  }
  const [first, second] = [
    await statByName(destination, "small", directory),
    await statByName(destination, "second"),
  ];
  expect(first).toMatchObject({ gfid: second.gfid, nlink: 2, mode: 0o100640 });
  expect(await rebalance().verify({ source, destination })).toMatchObject({ ok: true });
}

/** What is made step by step, and what is put as a whole. */
const ways = [0, 2_048];

describe.each(["dies-before", "dies-after"] as const)("a runner that %s a call", (fate) => {
  it.each(ways.flatMap((whole) => [true, false].map((keeps) => [whole, keeps] as const)))(
    "loses nothing at any call, and the next run ends it; files put whole up to %i, journal kept: %s",
    async (whole, keeps) => {
      const options = optionsWith(whole);
      const calls = await countCalls(options);
      expect(calls.length).toBeGreaterThan(40);
      let recovered = 0;
      let intents = 0;
      for (let fatal = 1; fatal <= calls.length; fatal += 1) {
        const journal = new MemoryJournal();
        const tree = await runUntil(options, fate, fatal, journal);
        const { source, destination } = tree;
        const again = keeps ? { journal, resume: true } : {};
        const report = await rebalance(options).run({ source, destination, ...again });
        expect(report.failures).toEqual([]);
        recovered += report.counts.recovered;
        await expectMoved(tree);
        if (keeps) intents += journal.status()?.intents.length ?? 0;
        await tree.close();
      }
      expect(intents).toBe(0);
      // The walk is worth nothing if it never met a file between its commit and its publication.
      expect(recovered).toBeGreaterThan(2);
    },
  );
});

describe.each(["lost", "unanswered"] as const)("a single call that is %s", (fate) => {
  it.each(ways)(
    "costs no file and no byte, and what did not move moves in the next run: %i",
    async (whole) => {
      const options = optionsWith(whole);
      const calls = await countCalls(options);
      let movedAtOnce = 0;
      for (let fatal = 1; fatal <= calls.length; fatal += 1) {
        const tree = await runUntil(options, fate, fatal, new MemoryJournal());
        const { source, destination } = tree;
        if (tree.report?.counts.moved === tree.contents.size) movedAtOnce += 1;
        await rebalance(options).run({ source, destination });
        await expectMoved(tree);
        await tree.close();
      }
      expect(movedAtOnce).toBeGreaterThan(calls.length / 2);
    },
  );
});
