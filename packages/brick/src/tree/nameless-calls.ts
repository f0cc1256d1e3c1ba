import { FileType, type Gfid } from "@brickshift/wire";
import { checkNewName, makeObject, nameExists, newRecord, putName } from "./create-calls.js";
import { isDirectory, linktoOf } from "./inode-record.js";
import { checkNotPrepared } from "./migration-guard.js";
import type { Named, NewObject, Tree } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import type { EntryRecord } from "./tree-records.js";

const REGULAR = { type: FileType.regular, survives: "kill" } as const;

/** Files that are made first and get their name later, as with O_TMPFILE and linkat(2). */
export function namelessCalls(context: TreeContext): Pick<Tree, "createNameless" | "nameObject"> {
  return {
    async createNameless(object, parent) {
      const { gfid } = object;
      if (context.creating.has(gfid) || context.records.inode(gfid) !== undefined) {
        throw new TreeError("TREE_GFID_EXISTS", `object ${gfid} exists`);
      }
      context.open.holdNameless(gfid);
      try {
        // The hold is there already, and stays the caller's.
        const unheld: NewObject = { ...object, hold: false };
        return await makeObject(context, unheld, REGULAR, (change) => {
          const directory = parent === undefined ? undefined : change.directory(parent);
          const record = { ...newRecord(context, change, object, REGULAR, directory), nlink: 0 };
          // What a kill leaves of it is collected, as an unlinked file that was open.
          change.putPending(gfid, "remove");
          return change.iatt(gfid, change.putInode(gfid, record));
        });
      } catch (error) {
        context.open.release(gfid);
        throw error;
      }
    },
    async nameObject(gfid, parent, name, { replaces = false } = {}) {
      checkNewName(name);
      if (!context.open.isNameless(gfid)) throw new TreeError("TREE_STALE", `${gfid} waits for no name`);
      const named = await context.change((change) => nameObject(change, gfid, parent, name, replaces));
      context.open.named(gfid);
      return named;
    },
  };
}

function nameObject(change: TreeChange, gfid: Gfid, parent: Gfid, name: string, replaces: boolean): Named {
  const directory = change.directory(parent);
  const record = change.settle(gfid);
  if (record.nlink > 0) throw new TreeError("TREE_STALE", `${gfid} has a name by now`);
  const victim = change.entry(parent, name);
  if (victim !== undefined) {
    if (!replaces) throw nameExists(name);
    checkReplaceable(change, victim);
    change.deleteEntry(parent, victim);
  }
  const replaced = victim && { gfid: victim.gfid, nlink: change.dropName(victim.gfid) };
  change.deletePending(gfid);
  const named = change.putInode(gfid, { ...record, nlink: 1, ctimeNs: change.nowNs });
  return { ...putName(change, parent, directory, name, gfid, named), replaced };
}

function checkReplaceable(change: TreeChange, victim: EntryRecord): void {
  const record = change.needInode(victim.gfid);
  if (isDirectory(record)) throw new TreeError("TREE_IS_DIRECTORY", "a file does not replace a directory");
  checkNotPrepared(victim.gfid, record);
  // The file of that name is on another brick, and would be there still.
  const linkto = linktoOf(record);
  if (linkto !== undefined) throw new TreeError("TREE_MOVED", `${victim.gfid} is on ${linkto}`, linkto);
}
