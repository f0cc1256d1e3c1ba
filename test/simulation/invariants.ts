import { fsck } from "@brickshift/brick/fsck";
import { createMemoryStore } from "@brickshift/brick";
import { contentOf } from "./world/slow-store.js";
import type { VirtualBrick } from "./world/virtual-brick.js";
import type { SharedFile } from "./clients/file-client.js";

type Pair = readonly [VirtualBrick, VirtualBrick];

/** Which brick a file belongs to now: the source while it has the data, the destination once the source points to it. */
export function authorityOf(bricks: Pair, file: SharedFile): 0 | 1 {
  return bricks[0].holdsData(file.gfid) ? 0 : 1;
}

/** What must hold at every moment: a file is on one brick, and the other has nothing of it that anybody may use. */
export function* atEveryMoment(bricks: Pair, files: readonly SharedFile[]): Generator<string> {
  for (const file of files) {
    const [source, destination] = bricks;
    if (source.holdsData(file.gfid) && destination.holdsData(file.gfid)) {
      yield `${file.name} is a data file on both bricks`;
    }
    if (file.isUnlinked || !source.isUp || !destination.isUp || source.holdsData(file.gfid)) continue;
    const isThere = destination.holdsData(file.gfid) || destination.targetPhase(file.gfid) === "prepared";
    if (!isThere) yield `${file.name} is on neither brick`;
  }
}

/** What must hold when nobody uses the bricks any more: nothing is held, nothing waits, nothing is left over. */
export function* whenQuiet(bricks: Pair): Generator<string> {
  for (const { name, brick } of bricks) {
    if (brick === undefined) {
      yield `${name} is down`;
      continue;
    }
    const { gate, turns, clients, running, tree } = brick;
    const { leases, blockedFops, queuedRequests } = gate.usage;
    const counts = {
      leases,
      "blocked fops": blockedFops,
      "queued lease requests": queuedRequests,
      "inodes in use": gate.inodes.size,
      "names in use": turns.size,
      clients: clients.size,
      "running fops": running,
      "migration targets": tree.targets().length,
    };
    for (const [what, count] of Object.entries(counts)) {
      if (count > 0) yield `${name} has ${count} ${what} although nobody uses it`;
    }
  }
}

/** What must hold of the stores once their bricks are closed. */
export async function ofStores(bricks: Pair): Promise<string[]> {
  const found: string[] = [];
  for (const { name, disk } of bricks) {
    disk.medium.crash();
    const store = createMemoryStore(disk.medium);
    const { findings } = await fsck(store);
    await store.close();
    found.push(...findings.map(({ kind, text }) => `${name}: ${kind}: ${text}`));
  }
  return found;
}

/** The bytes of a file on the brick that it belongs to, as the disk has them. */
export function finalContent(
  bricks: Pair,
  file: SharedFile,
): { readonly brick: VirtualBrick; readonly content: Uint8Array | undefined } {
  const brick = bricks[authorityOf(bricks, file)];
  const blob = brick.disk.medium.blobs.get(file.gfid);
  return { brick, content: blob === undefined ? undefined : contentOf(blob) };
}
