import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { checkEntryName, isDots } from "./entry-name.js";
import { type InodeRecord, isDirectory } from "./inode-record.js";
import { checkNotPrepared } from "./migration-guard.js";
import { checkEmpty, needEntry } from "./remove-calls.js";
import type { Renamed, Tree } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import type { EntryRecord } from "./tree-records.js";

/** Deepest directory that takes a directory in: what is deeper is taken for a ring. */
const DEPTH_MAX = 65_536;

interface Place {
  readonly parent: Gfid;
  readonly name: string;
}

/** RENAME: one transaction whatever it replaces. */
export function renameCall(context: TreeContext): Pick<Tree, "rename"> {
  return {
    async rename(oldParent, oldName, newParent, newName) {
      for (const name of [oldName, newName]) {
        if (isDots(name)) throw new TreeError("TREE_INVALID", `"${name}" cannot be renamed`);
        checkEntryName(name);
      }
      const from = { parent: oldParent, name: oldName };
      const to = { parent: newParent, name: newName };
      return context.change((change) => rename(change, from, to));
    },
  };
}

function rename(change: TreeChange, from: Place, to: Place): Renamed {
  const oldDirectory = change.directory(from.parent);
  const newDirectory = change.directory(to.parent);
  const entry = needEntry(change, from.parent, from.name);
  const record = change.settle(entry.gfid);
  const victim = change.entry(to.parent, to.name);
  if (victim?.gfid === entry.gfid) {
    return renamed(change, from, to, [oldDirectory, newDirectory], entry.gfid, record, undefined);
  }
  checkNotPrepared(entry.gfid, record);
  if (isDirectory(record) && isWithin(change, entry.gfid, to.parent))
    throw new TreeError("TREE_INSIDE_ITSELF", `${entry.gfid} would be inside itself`);
  if (victim !== undefined) checkReplaceable(change, record, from.parent, victim);

  change.deleteEntry(from.parent, entry);
  if (victim !== undefined) change.deleteEntry(to.parent, victim);
  const nlink = victim === undefined ? 0 : change.dropName(victim.gfid);
  const replaced = victim && { gfid: victim.gfid, nlink };
  const moved = change.putInode(entry.gfid, { ...record, ctimeNs: change.nowNs });
  const cookie = newDirectory.nextCookie;
  change.putEntry(to.parent, { ...entry, name: to.name, cookie });
  putParents(change, from, to, isDirectory(record), victim !== undefined);
  return renamed(change, from, to, [oldDirectory, newDirectory], entry.gfid, moved, replaced);
}

/** Both directories after the move; a subdirectory counts where it is, and the replaced one no more. */
function putParents(
  change: TreeChange,
  from: Place,
  to: Place,
  isSubdirectory: boolean,
  hasVictim: boolean,
): void {
  const count = isSubdirectory ? 1 : 0;
  change.putParent(from.parent, change.needInode(from.parent), -count);
  const target = change.needInode(to.parent);
  const gained = hasVictim ? 0 : count;
  change.putParent(to.parent, { ...target, nextCookie: target.nextCookie + 1n }, gained);
}

function renamed(
  change: TreeChange,
  from: Place,
  to: Place,
  before: readonly [InodeRecord, InodeRecord],
  gfid: Gfid,
  record: InodeRecord,
  replaced: Renamed["replaced"],
): Renamed {
  return {
    stat: change.iatt(gfid, record),
    preoldparent: change.iatt(from.parent, before[0]),
    postoldparent: change.iatt(from.parent, change.needInode(from.parent)),
    prenewparent: change.iatt(to.parent, before[1]),
    postnewparent: change.iatt(to.parent, change.needInode(to.parent)),
    replaced,
  };
}

/** Whether `object` is `parent` or above it. */
function isWithin(change: TreeChange, object: Gfid, parent: Gfid): boolean {
  let at = parent;
  for (let depth = 0; at !== ROOT_GFID; depth += 1) {
    if (at === object) return true;
    if (depth > DEPTH_MAX) throw new TreeError("TREE_DAMAGED", `${parent} is in a ring; run fsck`);
    at = change.parentOf(at);
  }
  return false;
}

function checkReplaceable(change: TreeChange, record: InodeRecord, parent: Gfid, victim: EntryRecord): void {
  const replaced = change.needInode(victim.gfid);
  checkNotPrepared(victim.gfid, replaced);
  if (isDirectory(record) && !isDirectory(replaced)) {
    throw new TreeError("TREE_NOT_DIRECTORY", "a directory replaces a directory only");
  }
  if (!isDirectory(replaced)) return;
  // As rename(2): a directory that what is renamed is in is for nobody to replace, whatever that is.
  if (isWithin(change, victim.gfid, parent))
    throw new TreeError("TREE_NOT_EMPTY", `${victim.gfid} has it inside`);
  if (!isDirectory(record)) throw new TreeError("TREE_IS_DIRECTORY", "a file does not replace a directory");
  checkEmpty(change, victim.gfid);
}
