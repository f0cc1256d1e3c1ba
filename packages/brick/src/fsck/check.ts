import { FileType, type Gfid, nameToBytes, ROOT_GFID } from "@brickshift/wire";
import type { MetaTransaction } from "../store/store.js";
import { type InodeRecord, isDirectory, isRegular, typeOf } from "../tree/inode-record.js";
import { cookieKey, linkKey, nameKey, objectKey, RecordKind } from "../tree/tree-keys.js";
import { FIRST_COOKIE, TreeChanges } from "../tree/tree-records.js";
import type { FindingKind } from "./finding.js";
import { cookieText, type Inventory, linkText, type NamedEntry } from "./inventory.js";

/** What puts one finding right: a part of the one transaction, or something with the blob before it. */
export interface Repair {
  readonly records?: (tx: MetaTransaction, changes: TreeChanges) => void;
  readonly blob?: { readonly gfid: Gfid; readonly action: "create" | "remove" };
}

/** A finding with its repair; `undefined` for what is not repaired. */
export interface Diagnosis {
  readonly kind: FindingKind;
  readonly gfid: Gfid;
  readonly text: string;
  readonly repair: Repair | undefined;
}

/**
 * Compares an inventory with itself. Pure: the order of the diagnoses is the order in which repairs must be made.
 * The inventory's own maps are brought to what the repairs will leave.
 */
export function* check(found: Inventory): Generator<Diagnosis> {
  yield* checkRecords(found);
  const names = yield* checkNames(found);
  yield* checkIndexes(found, names);
  yield* checkObjects(found, names);
  yield* checkBlobs(found);
}

function* checkRecords(found: Inventory): Generator<Diagnosis> {
  for (const { key, gfid, what } of found.badRecords) {
    const text = `a ${what} record of directory ${gfid} does not decode`;
    yield { kind: "bad-record", gfid, text, repair: { records: (tx) => tx.delete(key) } };
  }
  if (!found.inodes.has(ROOT_GFID)) found.badInodes.add(ROOT_GFID);
  for (const gfid of found.badInodes) {
    const record = madeAnew(found, gfid);
    if (record !== undefined) found.inodes.set(gfid, record);
    yield {
      kind: "bad-record",
      gfid,
      text: `the inode record of ${gfid} does not decode`,
      repair: {
        records: (_tx, changes) =>
          record === undefined ? changes.deleteInode(gfid) : void changes.putInode(gfid, record),
      },
    };
  }
}

/** The best guess at a lost inode: a directory when it has entries, a file when it has data, nothing otherwise. */
function madeAnew(found: Inventory, gfid: Gfid): InodeRecord | undefined {
  let nextCookie = FIRST_COOKIE;
  for (const { parent, cookie } of found.names) {
    if (parent === gfid && cookie >= nextCookie) nextCookie = cookie + 1n;
  }
  const isParent = gfid === ROOT_GFID || nextCookie > FIRST_COOKIE;
  const keptBytes = isParent ? undefined : found.contents.get(gfid);
  if (!isParent && keptBytes === undefined && !found.blobs.has(gfid)) return undefined;
  return {
    mode: isParent ? FileType.directory | 0o700 : FileType.regular | 0o600,
    uid: 0,
    gid: 0,
    nlink: isParent ? 2 : 1,
    rdev: 0n,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: 0n,
    dataStampMs: 0,
    keptBytes,
    nextCookie,
    symlink: "",
    xattrs: new Map(),
    target: undefined,
    published: undefined,
  };
}

/** @returns the names that are good: the object and the directory are there. */
function* checkNames(found: Inventory): Generator<Diagnosis, NamedEntry[]> {
  const good: NamedEntry[] = [];
  for (const named of found.names) {
    const { parent, name, gfid } = named;
    const directory = found.inodes.get(parent);
    if (found.inodes.has(gfid) && directory !== undefined && isDirectory(directory)) {
      good.push(named);
      continue;
    }
    const text = `"${name}" in ${parent} is a name of ${gfid}; one of them is not there`;
    const repair = {
      records: (_tx: MetaTransaction, changes: TreeChanges) => changes.deleteEntry(parent, named),
    };
    yield { kind: "dangling-name", gfid: parent, text, repair };
    found.cookies.delete(cookieText(parent, named.cookie));
    found.links.delete(linkText(gfid, parent, name));
  }
  return good;
}

function* checkIndexes(found: Inventory, names: readonly NamedEntry[]): Generator<Diagnosis> {
  const { cookies, links } = found;
  for (const named of names) {
    const { parent, name, gfid, cookie } = named;
    const byCookie = cookies.get(cookieText(parent, cookie))?.entry;
    const agrees = byCookie?.gfid === gfid && byCookie.name === name;
    const nextCookie = found.inodes.get(parent)?.nextCookie ?? 0n;
    if (!agrees || !links.has(linkText(gfid, parent, name)) || cookie >= nextCookie) {
      const text = `the records of "${name}" in ${parent} do not agree`;
      yield {
        kind: "bad-index",
        gfid: parent,
        text,
        repair: { records: (_tx, changes) => putAgain(changes, named, agrees) },
      };
    }
    // A cookie that two names claim stays with the one that its record tells.
    if (agrees) cookies.delete(cookieText(parent, cookie));
    links.delete(linkText(gfid, parent, name));
  }
  for (const { parent, entry } of cookies.values()) {
    const text = `a cookie of ${parent} has no name`;
    const records = (tx: MetaTransaction) => tx.delete(cookieKey(parent, entry.cookie));
    yield { kind: "bad-index", gfid: parent, text, repair: { records } };
  }
  for (const { gfid, parent, name } of links.values()) {
    const text = `${gfid} says it is "${name}" in ${parent}, which is not so`;
    const records = (tx: MetaTransaction) => tx.delete(linkKey(gfid, parent, nameToBytes(name)));
    yield { kind: "bad-index", gfid, text, repair: { records } };
  }
}

/** All three records of a name, under a cookie that is its own. */
function putAgain(changes: TreeChanges, named: NamedEntry, ownsCookie: boolean): void {
  const directory = changes.needInode(named.parent);
  const cookie = directory.nextCookie;
  if (ownsCookie) changes.deleteEntry(named.parent, named);
  changes.putEntry(named.parent, { ...named, cookie });
  changes.putInode(named.parent, { ...directory, nextCookie: cookie + 1n });
}

function* checkObjects(found: Inventory, names: readonly NamedEntry[]): Generator<Diagnosis> {
  const counts = new Map<Gfid, number>();
  const subdirectories = new Map<Gfid, number>();
  const add = (map: Map<Gfid, number>, gfid: Gfid) => map.set(gfid, (map.get(gfid) ?? 0) + 1);
  const isDirectoryGfid = (gfid: Gfid) =>
    typeOf(found.inodes.get(gfid) as InodeRecord) === FileType.directory;
  for (const { parent, gfid } of names) {
    add(counts, gfid);
    if (isDirectoryGfid(gfid)) add(subdirectories, parent);
  }
  const reached = reachable(names, isDirectoryGfid);
  let rescued = 0;
  for (const [gfid, record] of found.inodes) {
    if (record.target !== undefined) {
      const text = `${gfid} is ${record.target.phase} from brick ${record.target.source}; a run from there ends it`;
      yield { kind: "target-left", gfid, text, repair: undefined };
    }
    if (found.pending.has(gfid)) {
      yield { kind: "pending", gfid, text: `${gfid} is left to the next start`, repair: undefined };
    }
    const count = counts.get(gfid) ?? 0;
    const isLost = count === 0 && gfid !== ROOT_GFID && !(record.nlink === 0 && found.pending.has(gfid));
    if (isLost) {
      yield { kind: "unreachable", gfid, text: `${gfid} has no name`, repair: { records: rescue(gfid) } };
      if (isDirectory(record)) rescued += 1;
    } else if (isDirectory(record) && count > 0 && !reached.has(gfid)) {
      yield { kind: "ring", gfid, text: `directory ${gfid} is cut off from the root`, repair: undefined };
    }
    const links = isDirectory(record) ? 2 + (subdirectories.get(gfid) ?? 0) : Math.max(count, isLost ? 1 : 0);
    const isUnlinked = count === 0 && record.nlink === 0 && !isLost;
    if (gfid !== ROOT_GFID && record.nlink !== links && !isUnlinked)
      yield wrongNlink(gfid, record.nlink, links);
  }
  const root = found.inodes.get(ROOT_GFID);
  const wanted = 2 + (subdirectories.get(ROOT_GFID) ?? 0) + rescued;
  if (root !== undefined && root.nlink !== wanted) yield wrongNlink(ROOT_GFID, root.nlink, wanted);
}

function wrongNlink(gfid: Gfid, nlink: number, wanted: number): Diagnosis {
  const records = (_tx: MetaTransaction, changes: TreeChanges) =>
    void changes.putInode(gfid, { ...changes.needInode(gfid), nlink: wanted });
  return {
    kind: "wrong-nlink",
    gfid,
    text: `${gfid} has link count ${nlink} for ${wanted}`,
    repair: { records },
  };
}

function rescue(gfid: Gfid) {
  return (tx: MetaTransaction, changes: TreeChanges) => {
    const root = changes.needInode(ROOT_GFID);
    const name = `lost+found.${gfid}`;
    const cookie = root.nextCookie;
    if (tx.get(nameKey(ROOT_GFID, nameToBytes(name))) !== undefined) return;
    changes.putEntry(ROOT_GFID, { name, gfid, type: typeOf(changes.needInode(gfid)), cookie });
    changes.putInode(ROOT_GFID, { ...root, nextCookie: cookie + 1n });
  };
}

/** The directories that a walk from the root comes to. */
function reachable(names: readonly NamedEntry[], isDirectoryGfid: (gfid: Gfid) => boolean): Set<Gfid> {
  const children = new Map<Gfid, Gfid[]>();
  for (const { parent, gfid } of names) {
    if (!isDirectoryGfid(gfid)) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [gfid]);
    else siblings.push(gfid);
  }
  const reached = new Set<Gfid>([ROOT_GFID]);
  for (const gfid of reached) for (const child of children.get(gfid) ?? []) reached.add(child);
  return reached;
}

function* checkBlobs(found: Inventory): Generator<Diagnosis> {
  for (const [gfid, record] of found.inodes) {
    if (!isRegular(record)) continue;
    const { keptBytes } = record;
    const isKept = keptBytes !== undefined;
    if (isKept ? keptBytes === (found.contents.get(gfid) ?? 0) : found.blobs.has(gfid)) continue;
    const text = `the data of ${gfid} is gone, or is not what the record says`;
    yield { kind: "missing-blob", gfid, text, repair: withWhatThereIs(found, gfid, record) };
  }
  for (const gfid of found.contents.keys()) {
    if (found.inodes.get(gfid)?.keptBytes !== undefined) continue;
    const text = `content of ${gfid}, which keeps none`;
    const records = (tx: MetaTransaction) => tx.delete(objectKey(RecordKind.content, gfid));
    yield { kind: "orphan-blob", gfid, text, repair: { records } };
  }
  for (const gfid of found.blobs) {
    const record = found.inodes.get(gfid);
    if (record !== undefined && isRegular(record) && record.keptBytes === undefined) continue;
    const text = `data of ${gfid}, which has none there`;
    yield { kind: "orphan-blob", gfid, text, repair: { blob: { gfid, action: "remove" } } };
  }
}

/** The content that is there counts, then the blob that is there, which may be half of an attempt to make it; else it is empty. */
function withWhatThereIs(found: Inventory, gfid: Gfid, record: InodeRecord): Repair {
  const keptBytes = found.contents.get(gfid);
  found.inodes.set(gfid, { ...record, keptBytes });
  const records = (_tx: MetaTransaction, changes: TreeChanges) =>
    void changes.putInode(gfid, { ...changes.needInode(gfid), keptBytes });
  const needsBlob = keptBytes === undefined && !found.blobs.has(gfid);
  return needsBlob ? { records, blob: { gfid, action: "create" } } : { records };
}
