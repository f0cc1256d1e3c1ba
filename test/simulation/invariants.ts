import { fsck } from "@brickshift/brick/fsck";
import { createMemoryStore, usageOf } from "@brickshift/brick";
import type { VirtualBrick } from "./world/virtual-brick.js";
import type { SharedFile } from "./clients/file-client.js";

/** Two, or three. */
export type Bricks = readonly [VirtualBrick, VirtualBrick, ...VirtualBrick[]];

/** Which brick a file belongs to now: a source while it has the data, a destination once its source points to it. */
export function authorityOf(bricks: Bricks, { gfid }: SharedFile): VirtualBrick {
  return (
    bricks.find((brick) => brick.holdsData(gfid)) ??
    bricks.find((brick) => brick.targetPhase(gfid) === "prepared") ??
    bricks[1]
  );
}

/** What must hold at every moment: a file is on one brick, and the other has nothing of it that anybody may use. */
export function* atEveryMoment(bricks: Bricks, files: readonly SharedFile[]): Generator<string> {
  for (const file of files) {
    const holders = bricks.filter((brick) => brick.holdsData(file.gfid));
    if (holders.length > 1)
      yield `${file.name} is a data file on ${holders.map(({ name }) => name).join(", ")}`;
    if (file.isUnlinked || holders.length > 0 || bricks.some(({ isUp }) => !isUp)) continue;
    const isThere = bricks.some((brick) => brick.targetPhase(file.gfid) === "prepared");
    if (!isThere) yield `${file.name} is on no brick`;
  }
}

/** What must hold when nobody uses the bricks any more: nothing is held, nothing waits, nothing is left over. */
export function* whenQuiet(bricks: Bricks): Generator<string> {
  for (const { name, brick } of bricks) {
    if (brick === undefined) {
      yield `${name} is down`;
      continue;
    }
    for (const [what, count] of Object.entries(usageOf(brick))) {
      if (count > 0) yield `${name} has ${count} ${what} although nobody uses it`;
    }
  }
}

/** What must hold of the stores once their bricks are closed. */
export async function ofStores(bricks: Bricks): Promise<string[]> {
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
  bricks: Bricks,
  file: SharedFile,
): { readonly brick: VirtualBrick; readonly content: Uint8Array | undefined } {
  const brick = authorityOf(bricks, file);
  return { brick, content: brick.disk.contentOf(file.gfid) };
}
