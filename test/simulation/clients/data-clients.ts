import { BLOCKS_MAX, FileClient, type SharedFile } from "./file-client.js";

/** Blocks that hammers share: all of them write here. */
const HOT_BLOCKS = 6;

/** A client that writes, reads back now and then, and syncs sometimes. */
export async function writer(client: FileClient): Promise<void> {
  const { random } = client.world;
  await each(client, async (file) => {
    const [from, to] = range(client, file);
    if (random.chance(0.15)) await client.read(file, from, to);
    else await client.write(file, from, to);
    if (random.chance(0.2)) await client.sync(file);
  });
}

/** One of many that write the same few blocks. */
export async function hammer(client: FileClient): Promise<void> {
  const { random } = client.world;
  await each(client, async (file) => {
    const end = Math.min(HOT_BLOCKS, Math.max(1, file.blocks));
    const from = random.below(end);
    const to = from + 1 + random.below(end - from);
    if (random.chance(0.2)) await client.read(file, 0, end);
    else await client.write(file, from, to);
  });
}

/** A client that sets an xattr of files, and syncs sometimes: the only one who does. */
export async function annotator(client: FileClient): Promise<void> {
  const { random } = client.world;
  const lost = new Set<SharedFile>();
  await each(client, async (file) => {
    if (lost.has(file)) return;
    const { outcome } = await client.note(file);
    // What had no answer may still be carried out, after what comes next.
    if (outcome === "unknown") lost.add(file);
    if (random.chance(0.3)) await client.sync(file);
  });
}

export async function reader(client: FileClient): Promise<void> {
  const { random } = client.world;
  await each(client, async (file) => {
    const [from, to] = random.chance(0.3) ? ([0, BLOCKS_MAX] as const) : range(client, file);
    await client.read(file, from, to);
  });
}

export async function truncater(client: FileClient): Promise<void> {
  const { random } = client.world;
  await each(
    client,
    async (file) => {
      await client.truncate(file, random.below(BLOCKS_MAX));
      if (random.chance(0.5)) await client.write(file, ...range(client, file));
    },
    (file) => file.isResized,
  );
}

/**
 * A client that writes to both bricks, the source first, and is content when one of them takes it: as a stock client does that
 * takes a file for one on the move. What it does is two writes, each of which may take effect.
 */
export async function dualWriter(client: FileClient): Promise<void> {
  const { marks, newValue, random, process } = client.world;
  await each(client, async (file) => {
    const [from, to] = range(client, file);
    const value = newValue();
    const first = await client.writeTo(0, file, from, to, value);
    if (random.chance(0.5)) await process.pause(random.below(60));
    const second = await client.writeTo(1, file, from, to, value);
    if (first.outcome === "done" && second.outcome === "done") marks.reach("dual-write-twice");
  });
}

/** A client that has never heard of another brick. */
export async function oblivious(client: FileClient): Promise<void> {
  await each(client, async (file) => {
    const [from, to] = range(client, file);
    await client.writeTo(0, file, from, to, client.world.newValue());
  });
}

/** A client that sends a write again when it has no answer, and sometimes without need. */
export async function repeater(client: FileClient): Promise<void> {
  const { random, marks, newValue } = client.world;
  await each(client, async (file) => {
    const [from, to] = range(client, file);
    const value = newValue();
    const first = await client.write(file, from, to, value);
    if (first.outcome !== "unknown" && random.chance(0.7)) return;
    const again = await client.write(file, from, to, value);
    if (first.outcome === "done" && again.outcome === "done") marks.reach("repeated-write");
  });
}

async function each(
  client: FileClient,
  work: (file: SharedFile) => Promise<void>,
  isFor: (file: SharedFile) => boolean = () => true,
): Promise<void> {
  const { plan, random, files, isEnding } = client.world;
  const own = files.filter(isFor);
  for (let count = 0; count < plan.operations && !isEnding(); count += 1) {
    await client.pause();
    await work(random.pick(own));
  }
  await client.close();
}

/** Blocks within the file, or a little beyond its end where it may grow. */
function range(client: FileClient, file: SharedFile): [number, number] {
  const { random } = client.world;
  const end = file.isResized ? Math.min(BLOCKS_MAX, file.blocks + 10) : Math.max(1, file.blocks);
  const from = random.below(end);
  return [from, Math.min(end, from + 1 + random.below(10))];
}
