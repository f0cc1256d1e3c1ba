import { FileType, type Gfid, gfidToBytes, NULL_GFID, ROOT_GFID } from "@brickshift/wire";
import { ACCESS_ACL_XATTR, DEFAULT_ACL_XATTR } from "../access/posix-acl.js";
import { aclOf, isAcl } from "./acl-xattrs.js";
import { direntTypeOf, extentOf, inoOf } from "./inode-iatt.js";
import { isDirectory, linktoOf, typeOf } from "./inode-record.js";
import { checkEntryName } from "./entry-name.js";
import type { DirectoryEntry, MigrationTarget, Tree } from "./tree.js";
import type { TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";
import { DOT_COOKIE, DOT_DOT_COOKIE } from "./tree-records.js";

/** Longest path that is looked for, in names: a damaged tree may hold a ring. */
const PATH_NAMES_MAX = 4096;
const UNKNOWN_INO = (1n << 64n) - 1n;

type ReadCalls = Pick<
  Tree,
  | "lookup"
  | "protection"
  | "stat"
  | "type"
  | "size"
  | "isLinked"
  | "readlink"
  | "readdir"
  | "getXattr"
  | "listXattrs"
  | "links"
  | "path"
  | "statfs"
  | "linkto"
  | "target"
  | "targets"
  | "committed"
>;

/** The synchronous reads of a tree. */
export function readCalls(context: TreeContext): ReadCalls {
  const { records } = context;
  return {
    lookup(parent, name) {
      const directory = needDirectory(context, parent);
      const gfid = childOf(context, parent, name);
      return { stat: context.iatt(gfid), parent: context.iatt(parent, directory) };
    },
    protection(gfid) {
      const { mode, uid, gid, xattrs } = records.needInode(gfid);
      const access = aclOf(xattrs, ACCESS_ACL_XATTR);
      return { mode, uid, gid, access, inherited: aclOf(xattrs, DEFAULT_ACL_XATTR) };
    },
    stat: (gfid) => context.iatt(gfid),
    type: (gfid) => typeOf(records.needInode(gfid)),
    size(gfid) {
      const record = records.needInode(gfid);
      return extentOf(record, context.blobOf(gfid, record)).size;
    },
    isLinked: (gfid) => (records.inode(gfid)?.nlink ?? 0) > 0,
    readlink(gfid) {
      const record = records.needInode(gfid);
      if (typeOf(record) !== FileType.symlink)
        throw new TreeError("TREE_INVALID", `${gfid} is no symbolic link`);
      return { target: record.symlink, stat: context.iatt(gfid, record) };
    },
    readdir: (gfid, cookie, entriesMax) => readdir(context, gfid, cookie, entriesMax),
    getXattr(gfid, name) {
      const record = records.needInode(gfid);
      const value = name === "trusted.gfid" ? gfidToBytes(gfid) : record.xattrs.get(name);
      if (value !== undefined) return value;
      isAcl(record, name);
      throw new TreeError("TREE_NO_XATTR", `${gfid} has no xattr ${name}`);
    },
    listXattrs: (gfid) => records.needInode(gfid).xattrs,
    links(gfid) {
      records.needInode(gfid);
      return records.links(gfid);
    },
    path: (gfid) => pathOf(context, gfid),
    statfs: () => statfs(context),
    linkto: (gfid) => linktoOf(records.needInode(gfid)),
    target(gfid) {
      const target = records.needInode(gfid).target;
      return target && migrationOf(target);
    },
    targets: (after, limit) =>
      records.objects(RecordKind.target, after, limit).map((gfid) => {
        const record = records.needInode(gfid);
        const target = record.target;
        if (target === undefined) throw new TreeError("TREE_DAMAGED", `${gfid} is no target; run fsck`);
        return { gfid, ...migrationOf(target), linkto: linktoOf(record) ?? "" };
      }),
    committed: (gfid) => context.commits.of(gfid) ?? { since: context.commits.since },
  };
}

function migrationOf({ source, fence, madeUnder, phase }: MigrationTarget): MigrationTarget {
  return { source, fence, madeUnder, phase };
}

function needDirectory(context: TreeContext, gfid: Gfid) {
  const record = context.records.needInode(gfid);
  if (!isDirectory(record)) throw new TreeError("TREE_NOT_DIRECTORY", `${gfid} is no directory`);
  return record;
}

function childOf(context: TreeContext, parent: Gfid, name: string): Gfid {
  if (name === ".") return parent;
  if (name === "..") return context.records.parentOf(parent);
  checkEntryName(name);
  const entry = context.records.entry(parent, name);
  if (entry === undefined) throw new TreeError("TREE_NO_ENTRY", `no such name in ${parent}`);
  return entry.gfid;
}

function readdir(context: TreeContext, gfid: Gfid, cookie: bigint, entriesMax: number) {
  const record = needDirectory(context, gfid);
  const entries: DirectoryEntry[] = [];
  const type = direntTypeOf(FileType.directory);
  if (cookie < DOT_COOKIE && entries.length < entriesMax) {
    entries.push({ name: ".", gfid, ino: inoOf(gfid), cookie: DOT_COOKIE, type });
  }
  if (cookie < DOT_DOT_COOKIE && entries.length < entriesMax) {
    // Nothing lies above the root, and a removed directory has lost its parent.
    const isTop = gfid === ROOT_GFID || record.nlink === 0;
    const parent = isTop ? NULL_GFID : context.records.parentOf(gfid);
    const ino = isTop ? UNKNOWN_INO : inoOf(parent);
    entries.push({ name: "..", gfid: parent, ino, cookie: DOT_DOT_COOKIE, type });
  }
  // One more than is wanted tells whether the end was reached.
  const left = entriesMax - entries.length;
  const found = context.records.entriesAfter(gfid, cookie, left + 1);
  for (const entry of found.slice(0, left)) {
    const { name, gfid: child, cookie: after } = entry;
    entries.push({ name, gfid: child, ino: inoOf(child), cookie: after, type: direntTypeOf(entry.type) });
  }
  return { entries, atEnd: found.length <= left };
}

function pathOf(context: TreeContext, gfid: Gfid): string | undefined {
  const names: string[] = [];
  context.records.needInode(gfid);
  for (let at = gfid; at !== ROOT_GFID;) {
    const [link] = context.records.links(at, 1);
    if (link === undefined) return undefined;
    if (names.length >= PATH_NAMES_MAX) throw new TreeError("TREE_DAMAGED", `${gfid} is in a ring; run fsck`);
    names.push(link.name);
    at = link.parent;
  }
  return `/${names.toReversed().join("/")}`;
}

function statfs(context: TreeContext) {
  const space = context.store.data.space();
  const partOf = (count: number) => BigInt(Math.floor(count / context.options.sharedBrickCount));
  return {
    bsize: BigInt(space.blockBytes),
    frsize: BigInt(space.blockBytes),
    blocks: partOf(space.blocks),
    bfree: partOf(space.blocksFree),
    bavail: partOf(space.blocksAvailable),
    files: partOf(space.files),
    ffree: partOf(space.filesFree),
    favail: partOf(space.filesFree),
    fsid: context.dev,
    flag: 0n,
    namemax: BigInt(space.nameBytesMax),
  };
}
