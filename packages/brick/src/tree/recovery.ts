import { FileType, type Gfid, ROOT_GFID } from "@brickshift/wire";
import { putSince } from "./commit-records.js";
import { removeUnlinked } from "./data-calls.js";
import { emptyBlob } from "./migration-calls.js";
import type { TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";
import { FIRST_COOKIE } from "./tree-records.js";

/** What a start found left over from the process before. */
export interface Recovered {
  /** Unlinked objects that were still open. */
  readonly unlinked: number;
  /** Files that had moved and whose data had not gone yet. */
  readonly emptied: number;
  /** Blobs that no record refers to, after a kill. */
  readonly orphans: number;
}

/** Makes the root if there is none, and ends what a killed process had begun. Nobody uses the tree meanwhile. */
export async function recover(context: TreeContext): Promise<Recovered> {
  await makeRoot(context);
  let unlinked = 0;
  let emptied = 0;
  for (const gfid of context.records.objects(RecordKind.pending)) {
    if (context.records.pendingWork(gfid) === "remove") {
      await removeUnlinked(context, gfid);
      unlinked += 1;
    } else {
      await emptyBlob(context, gfid);
      emptied += 1;
    }
  }
  return { unlinked, emptied, orphans: context.store.wasClosed ? 0 : await removeOrphans(context) };
}

async function makeRoot(context: TreeContext): Promise<void> {
  if (context.records.inode(ROOT_GFID) !== undefined) return;
  await context.change((change) => {
    const { nowNs } = change;
    change.putInode(ROOT_GFID, {
      mode: FileType.directory | 0o755,
      uid: 0,
      gid: 0,
      nlink: 2,
      rdev: 0n,
      atimeNs: nowNs,
      mtimeNs: nowNs,
      ctimeNs: nowNs,
      dataStampMs: 0,
      keptBytes: undefined,
      nextCookie: FIRST_COOKIE,
      symlink: "",
      xattrs: new Map(),
      target: undefined,
      published: undefined,
    });
    putSince(change, 0n);
  });
}

/**
 * The blob is made before the record refers to it and goes after that, so a kill leaves at worst a few blobs too many.
 * @throws TreeError `TREE_DAMAGED` when there are more than a kill can leave: then records are missing, not blobs too many.
 */
async function removeOrphans(context: TreeContext): Promise<number> {
  const { orphansMax } = context.options;
  const orphans: Gfid[] = [];
  for await (const gfid of context.store.data.list()) {
    const record = context.records.inode(gfid);
    if (record !== undefined && record.keptBytes === undefined) continue;
    orphans.push(gfid);
    if (orphans.length > orphansMax) {
      throw new TreeError(
        "TREE_DAMAGED",
        `more than ${orphansMax} blobs have no record; keep a copy, then run fsck`,
      );
    }
  }
  for (const gfid of orphans) await context.store.data.remove(gfid);
  return orphans.length;
}
