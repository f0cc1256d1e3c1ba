import type { Gfid } from "@brickshift/wire";
import { checkEntryName, isDots } from "./entry-name.js";
import { type InodeRecord, isDirectory, linktoOf } from "./inode-record.js";
import { checkNotPrepared } from "./migration-guard.js";
import type { Removed, Tree } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import type { EntryRecord } from "./tree-records.js";

/** The calls that take names away. */
export function removeCalls(context: TreeContext): Pick<Tree, "unlink" | "rmdir"> {
  return {
    async unlink(parent, name, condition = {}) {
      if (isDots(name)) throw new TreeError("TREE_IS_DIRECTORY", `"${name}" is a directory`);
      checkEntryName(name);
      return context.change((change) => {
        const directory = change.directory(parent);
        const entry = needEntry(change, parent, name);
        const record = change.needInode(entry.gfid);
        if (isDirectory(record)) throw new TreeError("TREE_IS_DIRECTORY", `"${name}" is a directory`);
        checkNotPrepared(entry.gfid, record);
        if (condition.onlyLinkFile === true && linktoOf(record) === undefined) {
          throw new TreeError("TREE_UNLINK_CONDITION", `"${name}" is no link file`);
        }
        if (condition.notHeld === true && context.open.isHeld(entry.gfid)) {
          throw new TreeError("TREE_UNLINK_CONDITION", `"${name}" is open`);
        }
        return removeName(change, parent, directory, entry, 0);
      });
    },
    async rmdir(parent, name) {
      if (isDots(name)) throw new TreeError("TREE_INVALID", `"${name}" cannot be removed`);
      checkEntryName(name);
      return context.change((change) => {
        const directory = change.directory(parent);
        const entry = needEntry(change, parent, name);
        if (!isDirectory(change.needInode(entry.gfid))) {
          throw new TreeError("TREE_NOT_DIRECTORY", `"${name}" is no directory`);
        }
        checkEmpty(change, entry.gfid);
        return removeName(change, parent, directory, entry, -1);
      });
    },
  };
}

/** @throws TreeError `TREE_NO_ENTRY`. */
export function needEntry(change: TreeChange, parent: Gfid, name: string): EntryRecord {
  const entry = change.entry(parent, name);
  if (entry === undefined) throw new TreeError("TREE_NO_ENTRY", `no such name in ${parent}`);
  return entry;
}

/** @throws TreeError `TREE_NOT_EMPTY`. */
export function checkEmpty(change: TreeChange, directory: Gfid): void {
  if (!change.isEmpty(directory))
    throw new TreeError("TREE_NOT_EMPTY", `directory ${directory} is not empty`);
}

function removeName(
  change: TreeChange,
  parent: Gfid,
  directory: InodeRecord,
  entry: EntryRecord,
  subdirectories: number,
): Removed {
  change.deleteEntry(parent, entry);
  const nlink = change.dropName(entry.gfid);
  const after = change.putParent(parent, directory, subdirectories);
  return {
    gfid: entry.gfid,
    nlink,
    preparent: change.iatt(parent, directory),
    postparent: change.iatt(parent, after),
  };
}
