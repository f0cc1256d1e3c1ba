import type { Gfid } from "@brickshift/wire";
import { type InodeRecord, isDirectory, isRegular } from "./inode-record.js";
import type { Access, Change, Tree } from "./tree.js";
import type { TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";

type DataCalls = Pick<
  Tree,
  | "read"
  | "write"
  | "truncate"
  | "allocate"
  | "discard"
  | "zerofill"
  | "seek"
  | "fsync"
  | "sync"
  | "persistTimes"
  | "hold"
  | "release"
>;

/** The calls on the data of regular files. */
export function dataCalls(context: TreeContext): DataCalls {
  const { contents } = context;
  const { data } = context.store;
  return {
    read: (gfid, offset, into, access) => read(context, gfid, offset, into, access),
    write: (gfid, offset, bytes, access) => write(context, gfid, offset, bytes, access),
    async truncate(gfid, size, access) {
      checkRange(context, 0, size);
      return changeData(context, gfid, access, needRegular, () => data.truncate(gfid, size));
    },
    async allocate(gfid, offset, length, keepSize, access) {
      checkRange(context, offset, length);
      return changeData(context, gfid, access, needRegular, async () => {
        if (!keepSize) await data.grow(gfid, offset + length);
      });
    },
    async discard(gfid, offset, length, access) {
      checkRange(context, offset, length);
      return changeData(context, gfid, access, needRegular, () => data.zero(gfid, offset, length));
    },
    async zerofill(gfid, offset, length, access) {
      checkRange(context, offset, length);
      return changeData(context, gfid, access, needRegular, async () => {
        // Both are asked for at once, so that nothing comes between them.
        await Promise.all([data.zero(gfid, offset, length), data.grow(gfid, offset + length)]);
      });
    },
    async seek(gfid, offset, what, access) {
      checkRange(context, offset, 0);
      const record = context.guard.admit(gfid, access, "read");
      needRegular(gfid, record);
      const found = await contents.seek(gfid, record, offset, what);
      if (found === undefined) throw new TreeError("TREE_NO_DATA_BEYOND", `no ${what} at or after ${offset}`);
      return found;
    },
    async fsync(gfid, dataOnly, access) {
      const record = context.guard.admit(gfid, access, "read");
      const prestat = context.iatt(gfid, record);
      await Promise.all([
        isRegular(record) ? contents.sync(gfid, record) : undefined,
        dataOnly ? context.store.meta.sync() : context.syncTimes(gfid),
      ]);
      return { prestat, poststat: iattAfter(context, gfid, record) };
    },
    sync: () => context.store.meta.sync(),
    persistTimes: (gfid) => context.persistTimes([gfid]),
    hold(gfid) {
      context.records.needInode(gfid);
      context.open.hold(gfid);
    },
    release: (gfid) => release(context, gfid),
  };
}

/** Ends one hold of an object; the last one takes an unlinked object away. */
export function release(context: TreeContext, gfid: Gfid): void {
  if (!context.open.release(gfid)) return;
  const record = context.records.inode(gfid);
  if (record === undefined) return;
  const hasName = record.nlink > 0 && !context.open.isLosingName(gfid);
  context.inBackground(hasName ? context.persistTimes([gfid]) : removeUnlinked(context, gfid));
}

/** @throws TreeError `TREE_IS_DIRECTORY`, `TREE_INVALID` for what has no data. */
export function needRegular(gfid: Gfid, record: InodeRecord): void {
  if (isDirectory(record)) throw new TreeError("TREE_IS_DIRECTORY", `${gfid} is a directory`);
  if (!isRegular(record)) throw new TreeError("TREE_INVALID", `${gfid} is no regular file`);
}

/** @throws TreeError `TREE_NOT_A_FILE` for what cannot be opened as a file. */
function needFile(gfid: Gfid, record: InodeRecord): void {
  if (!isRegular(record)) throw new TreeError("TREE_NOT_A_FILE", `${gfid} is no regular file`);
}

/** Deletes an object that has no name, unless somebody holds it again. */
export function removeUnlinked(context: TreeContext, gfid: Gfid): Promise<void> {
  return context.change((change) => {
    const record = change.inode(gfid);
    if (record === undefined || record.nlink > 0 || context.open.isHeld(gfid)) return;
    change.removeObject(gfid, record);
  });
}

async function read(context: TreeContext, gfid: Gfid, offset: number, into: Uint8Array, access?: Access) {
  checkRange(context, offset, 0);
  const record = context.guard.admit(gfid, access, "read");
  if (isDirectory(record)) throw new TreeError("TREE_IS_DIRECTORY", `${gfid} is a directory`);
  needFile(gfid, record);
  const count = await context.contents.read(gfid, record, offset, into);
  const stat = iattAfter(context, gfid, record);
  return { bytes: into.subarray(0, count), atEnd: offset + count >= stat.size, stat };
}

async function write(
  context: TreeContext,
  gfid: Gfid,
  offset: number | "append",
  bytes: Uint8Array,
  access?: Access,
) {
  const { data } = context.store;
  if (offset !== "append") checkRange(context, offset, bytes.length);
  let at = offset === "append" ? 0 : offset;
  const change = await changeData(context, gfid, access, needFile, async (size) => {
    if (bytes.length === 0) return;
    if (offset !== "append") return data.write(gfid, offset, bytes);
    checkRange(context, size, bytes.length);
    at = await data.append(gfid, bytes);
  });
  return { ...change, offset: at };
}

/** Runs one change of the data between two looks at the attributes. */
async function changeData(
  context: TreeContext,
  gfid: Gfid,
  access: Access | undefined,
  check: (gfid: Gfid, record: InodeRecord) => void,
  work: (size: number) => Promise<void>,
): Promise<Change> {
  if (access?.token !== undefined) await context.guard.raise(gfid, access.token);
  const admit = () => {
    const record = context.guard.admit(gfid, access, "data");
    check(gfid, record);
    return record;
  };
  return context.contents.change(gfid, admit, async (record) => {
    const prestat = context.iatt(gfid, record);
    await work(prestat.size);
    context.touch(gfid);
    return { prestat, poststat: iattAfter(context, gfid, record) };
  });
}

/** Attributes now, also when the last name went meanwhile. */
function iattAfter(context: TreeContext, gfid: Gfid, before: InodeRecord) {
  return context.iatt(gfid, context.records.inode(gfid) ?? before);
}

function checkRange(context: TreeContext, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new TreeError("TREE_INVALID", `offset ${offset}, length ${length}`);
  }
  if (length > 0 && offset + length > context.options.fileBytesMax) {
    throw new TreeError(
      "TREE_FILE_TOO_BIG",
      `${offset} + ${length} is beyond ${context.options.fileBytesMax}`,
    );
  }
}
