import {
  FileType,
  type Gfid,
  invariant,
  isProtocolError,
  LINK_FILE_PERMISSIONS,
  nameByteLength,
} from "@brickshift/wire";
import type { Survives } from "../store/store.js";
import { withAcls } from "./acl-xattrs.js";
import { checkEntryName, isDots } from "./entry-name.js";
import { type InodeRecord, isDirectory, LINKTO_XATTR, typeOf } from "./inode-record.js";
import type { Created, NewObject, Tree } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { FIRST_COOKIE } from "./tree-records.js";
import { withXattrs } from "./xattr-rules.js";

const PERMISSIONS = 0o7777;
const SETGID = 0o2000;
/** Longest target of a symbolic link, in bytes. Source: Linux, `PATH_MAX` less the NUL. */
const SYMLINK_BYTES_MAX = 4095;
const nodeTypes: ReadonlySet<number> = new Set([
  FileType.regular,
  FileType.fifo,
  FileType.character,
  FileType.block,
  FileType.socket,
]);

type CreateCalls = Pick<Tree, "create" | "mknod" | "mkdir" | "symlink" | "link">;

/** The calls that make names. */
export function createCalls(context: TreeContext): CreateCalls {
  return {
    create: (parent, name, object) =>
      addObject(context, parent, name, object, { type: FileType.regular, survives: "kill" }),
    async mknod(parent, name, object) {
      const type = object.mode & FileType.mask || FileType.regular;
      if (!nodeTypes.has(type)) throw new TreeError("TREE_INVALID", `mknod of type ${type.toString(8)}`);
      return isLinkFile(object, type)
        ? addLinkFile(context, parent, name, object)
        : addObject(context, parent, name, object, { type, survives: "kill" });
    },
    mkdir: (parent, name, object) =>
      addObject(context, parent, name, object, { type: FileType.directory, survives: "kill" }),
    async symlink(parent, name, target, object) {
      // Source: symlink(2).
      if (target === "") throw new TreeError("TREE_NO_ENTRY", "an empty link target");
      if (target.includes("\0")) throw new TreeError("TREE_INVALID", "a link target with NUL");
      if (nameByteLength(target) > SYMLINK_BYTES_MAX) {
        throw new TreeError("TREE_TARGET_TOO_LONG", `a link target has at most ${SYMLINK_BYTES_MAX} bytes`);
      }
      return addObject(context, parent, name, object, {
        type: FileType.symlink,
        symlink: target,
        survives: "kill",
      });
    },
    link: (gfid, parent, name) =>
      context.change((change) => addLink(context, change, gfid, parent, name), "kill"),
  };
}

function isLinkFile({ mode, xattrs }: NewObject, type: number): boolean {
  const isMarked = (mode & PERMISSIONS) === LINK_FILE_PERMISSIONS && xattrs?.has(LINKTO_XATTR) === true;
  return type === FileType.regular && isMarked;
}

/**
 * A link file, or one more name for it: the other names of a file with several point to one brick under one gfid.
 * Source: measured, two links of a file whose names belong to another brick than its data.
 */
async function addLinkFile(
  context: TreeContext,
  parent: Gfid,
  name: string,
  object: NewObject,
): Promise<Created> {
  const { gfid } = object;
  for (let making; (making = beingMade(context, gfid)) !== undefined;) await making;
  return context.records.inode(gfid) === undefined
    ? addObject(context, parent, name, object, { type: FileType.regular })
    : context.change((change) => addLink(context, change, gfid, parent, name));
}

/**
 * Resolves when the object of that gfid is made, or has failed to be, which somebody is at; `undefined` when nobody is. To be asked again
 * until then: who goes on at once finds what there is. One that comes late, by a connection that was given up, may take as long as the disk.
 */
export function beingMade(context: TreeContext, gfid: Gfid): Promise<unknown> | undefined {
  return context.creating.get(gfid)?.catch(() => {});
}

/** What {@link addObject} needs beside what the client says. */
export interface ObjectKind {
  /** Type bits. */
  readonly type: number;
  readonly symlink?: string;
  /** What the making survives once it is acknowledged; a power cut when absent. */
  readonly survives?: Survives;
  /** Content that a regular file keeps with its record: it has no blob then. */
  readonly kept?: Uint8Array;
  /** Brings content into the new blob of a regular file, before there is a record of it. */
  readonly fill?: () => Promise<void>;
  /** Last touch to the record, within the transaction. */
  readonly finish?: (record: InodeRecord, change: TreeChange) => InodeRecord;
}

/** Makes an object and its first name. The blob comes before the record, so that no record is without its content. */
export async function addObject(
  context: TreeContext,
  parent: Gfid,
  name: string,
  object: NewObject,
  kind: ObjectKind,
): Promise<Created> {
  checkNewName(name);
  const { gfid } = object;
  if (context.creating.has(gfid) || context.records.inode(gfid) !== undefined)
    throw gfidExists(context, parent, name, gfid);
  return makeObject(context, object, kind, (change) =>
    putObject(context, change, parent, name, object, kind),
  );
}

/** Makes the blob of a new object that is to have one and, by `put`, its record. Nobody else makes one of that gfid meanwhile. */
export async function makeObject<T>(
  context: TreeContext,
  object: NewObject,
  kind: ObjectKind,
  put: (change: TreeChange) => T,
): Promise<T> {
  const { gfid } = object;
  const making = makeParts(context, object, kind, put);
  context.creating.set(gfid, making);
  try {
    return await making;
  } finally {
    context.creating.delete(gfid);
  }
}

async function makeParts<T>(
  context: TreeContext,
  { gfid, hold }: NewObject,
  kind: ObjectKind,
  put: (change: TreeChange) => T,
): Promise<T> {
  const hasBlob = kind.type === FileType.regular && kind.kept === undefined;
  // What has no record any more may have its blob yet, and that is going to be removed.
  await context.open.whenNotDying(gfid);
  if (context.records.inode(gfid) !== undefined)
    throw new TreeError("TREE_GFID_EXISTS", `object ${gfid} exists`);
  try {
    if (hold === true) context.open.hold(gfid);
    if (hasBlob) await createBlob(context, gfid);
    if (hasBlob) await kind.fill?.();
    return await context.change(put, kind.survives);
  } catch (error) {
    if (hold === true) context.open.release(gfid);
    if (hasBlob && context.records.inode(gfid) === undefined) {
      await context.store.data.remove(gfid).catch(() => {});
    }
    throw error;
  }
}

/** The name's own error comes first, as it does when two clients create the same name. */
function gfidExists(context: TreeContext, parent: Gfid, name: string, gfid: Gfid): TreeError {
  return context.records.entry(parent, name) === undefined
    ? new TreeError("TREE_GFID_EXISTS", `object ${gfid} exists`)
    : nameExists(name);
}

async function createBlob(context: TreeContext, gfid: Gfid): Promise<void> {
  const { data } = context.store;
  try {
    await data.create(gfid);
  } catch (error) {
    if (!isProtocolError(error) || error.code !== "STORE_BLOB_EXISTS") throw error;
    // Without a record it is what a removal left that failed half-way.
    await data.remove(gfid);
    await data.create(gfid);
  }
}

function putObject(
  context: TreeContext,
  change: TreeChange,
  parent: Gfid,
  name: string,
  object: NewObject,
  kind: ObjectKind,
): Created {
  const { gfid } = object;
  const directory = change.directory(parent);
  if (change.entry(parent, name) !== undefined) throw nameExists(name);
  // The name of an object that is being made is taken in `creating`, and that of one that was made is known by now.
  invariant(change.inode(gfid) === undefined, "an object is made once");
  const draft = newRecord(context, change, object, kind, directory);
  if (kind.kept !== undefined) change.putContent(gfid, kind.kept);
  const record = change.putInode(gfid, kind.finish === undefined ? draft : kind.finish(draft, change));
  return putName(change, parent, directory, name, gfid, record);
}

/** The record of a new object, with one name; what has no parent inherits from none. */
export function newRecord(
  context: TreeContext,
  change: TreeChange,
  object: NewObject,
  kind: ObjectKind,
  parent: InodeRecord | undefined,
): InodeRecord {
  const isInherited = parent !== undefined && (parent.mode & SETGID) !== 0;
  const inherited = isInherited && kind.type === FileType.directory ? SETGID : 0;
  const xattrs = object.xattrs ?? new Map<string, Uint8Array>();
  const record: InodeRecord = {
    mode: kind.type | (object.mode & PERMISSIONS) | inherited,
    uid: object.uid,
    gid: isInherited ? parent.gid : object.gid,
    nlink: kind.type === FileType.directory ? 2 : 1,
    rdev: kind.type === FileType.character || kind.type === FileType.block ? (object.rdev ?? 0n) : 0n,
    atimeNs: change.nowNs,
    mtimeNs: change.nowNs,
    ctimeNs: change.nowNs,
    dataStampMs: 0,
    keptBytes: kind.kept?.length,
    nextCookie: FIRST_COOKIE,
    symlink: kind.symlink ?? "",
    xattrs: withXattrs(new Map(), xattrs, context.options),
    target: undefined,
    published: undefined,
  };
  const dataStampMs = change.blobOf(object.gfid, record)?.wallModifiedMs ?? 0;
  return withAcls({ ...record, dataStampMs }, record.xattrs, xattrs.keys());
}

function addLink(context: TreeContext, change: TreeChange, gfid: Gfid, parent: Gfid, name: string): Created {
  checkNewName(name);
  const directory = change.directory(parent);
  const record = change.settle(gfid);
  // As link(2), which says first that the name is taken.
  if (change.entry(parent, name) !== undefined) throw nameExists(name);
  if (isDirectory(record)) throw new TreeError("TREE_NOT_PERMITTED", "a directory has one name");
  if (record.nlink === 0) throw new TreeError("TREE_STALE", `object ${gfid} was unlinked`);
  if (record.nlink >= context.options.linksMax)
    throw new TreeError("TREE_LINKS_MAX", `${record.nlink} names`);
  const linked = change.putInode(gfid, { ...record, nlink: record.nlink + 1, ctimeNs: change.nowNs });
  return putName(change, parent, directory, name, gfid, linked);
}

/** Gives the object of `record` a name, and says what its maker hears. */
export function putName(
  change: TreeChange,
  parent: Gfid,
  directory: InodeRecord,
  name: string,
  gfid: Gfid,
  record: InodeRecord,
): Created {
  const cookie = directory.nextCookie;
  change.putEntry(parent, { name, gfid, type: typeOf(record), cookie });
  const next = { ...directory, nextCookie: cookie + 1n };
  const after = change.putParent(parent, next, isDirectory(record) ? 1 : 0);
  return {
    stat: change.iatt(gfid, record),
    preparent: change.iatt(parent, directory),
    postparent: change.iatt(parent, after),
  };
}

export function checkNewName(name: string): void {
  if (isDots(name)) throw nameExists(name);
  checkEntryName(name);
}

export function nameExists(name: string): TreeError {
  return new TreeError("TREE_EXISTS", `"${name}" exists`);
}
