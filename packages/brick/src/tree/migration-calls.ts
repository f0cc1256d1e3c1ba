import { FileType, type Gfid, isProtocolError, LINK_FILE_PERMISSIONS } from "@brickshift/wire";
import type { BrickStore } from "../store/store.js";
import { addObject, beingMade, checkNewName, nameExists } from "./create-calls.js";
import { needRegular } from "./data-calls.js";
import { type InodeRecord, LINKTO_XATTR, linktoOf, linktoValue, type TargetRecord } from "./inode-record.js";
import type {
  Change,
  Created,
  FenceToken,
  KnownCommit,
  NewObject,
  PreparedAttributes,
  Tree,
  WholeFile,
} from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { withXattrs } from "./xattr-rules.js";

type MigrationCalls = Pick<
  Tree,
  | "checkFence"
  | "createTarget"
  | "putTarget"
  | "adoptTarget"
  | "prepareTarget"
  | "publishTarget"
  | "abortTarget"
  | "commitMoved"
  | "forgetCommit"
>;

const LINK_FILE_MODE = FileType.regular | LINK_FILE_PERMISSIONS;

/** The steps of a migration, each one transaction. */
export function migrationCalls(context: TreeContext): MigrationCalls {
  const { guard } = context;
  return {
    async checkFence(gfid, token) {
      await guard.raise(gfid, token);
      guard.checkToken(gfid, context.records.needInode(gfid), token);
    },
    async createTarget(parent, name, object, linkto, token) {
      for (let making; (making = beingMade(context, object.gfid)) !== undefined;) await making;
      return addObject(context, parent, name, object, {
        type: FileType.regular,
        survives: "kill",
        finish(record, change) {
          context.targets.another(change);
          return asTarget(record, linkto, token);
        },
      });
    },
    putTarget: (parent, name, object, linkto, token, whole) =>
      putTarget(context, parent, name, object, { linkto, token, whole }),
    adoptTarget: (gfid, linkto, token) =>
      context.emptying.run(gfid, () => adopt(context, gfid, linkto, token)),
    async prepareTarget(gfid, attributes, token, madeUnder) {
      await guard.raise(gfid, token);
      const record = context.records.needInode(gfid);
      guard.checkToken(gfid, record, token);
      checkMadeUnder(gfid, record, madeUnder);
      return guard.sealed(gfid, () => prepare(context, gfid, attributes, token, madeUnder));
    },
    publishTarget: (gfid, token) => context.change((change) => publish(context, change, gfid, token)),
    abortTarget: (gfid, token) => context.emptying.run(gfid, () => abort(context, gfid, token)),
    commitMoved: (gfid, linkto, epoch) =>
      context.emptying.run(gfid, () => commitMoved(context, gfid, { linkto, epoch })),
    forgetCommit: (gfid, epoch) => context.inBackground(context.commits.forget(gfid, epoch)),
  };
}

/**
 * Empties the blob of an inode whose record says so, and forgets that it had to be done. In the turn of its object: a later target
 * under that gfid has emptied it already, and may have been filled since.
 */
export async function emptyBlob(context: TreeContext, gfid: Gfid): Promise<void> {
  const { data } = context.store;
  if (context.records.pendingWork(gfid) !== "empty") return;
  try {
    await data.truncate(gfid, 0);
  } catch (error) {
    if (!isProtocolError(error) || error.code !== "STORE_BLOB_MISSING") throw error;
    await data.create(gfid);
  }
  await context.gathered.change((change) => {
    if (change.pendingWork(gfid) !== "empty") return;
    change.deletePending(gfid);
    const record = change.settle(gfid);
    change.putInode(gfid, { ...record, dataStampMs: change.blobOf(gfid, record)?.wallModifiedMs ?? 0 });
  });
}

/** Takes the content away from a record: what is kept at once, a blob when the change is made, by {@link emptyBlob}. */
function emptyWithin(change: TreeChange, gfid: Gfid, record: InodeRecord): InodeRecord {
  if (record.keptBytes === undefined) {
    change.putPending(gfid, "empty");
    return record;
  }
  change.putContent(gfid, new Uint8Array());
  return { ...record, keptBytes: 0 };
}

function isKept({ options, store }: TreeContext, { length }: Uint8Array): boolean {
  return length <= options.keptBytesMax && store.meta.share() <= options.keptShareMax;
}

async function fillBlob({ data }: BrickStore, gfid: Gfid, content: Uint8Array): Promise<void> {
  if (content.length > 0) await data.write(gfid, 0, content);
  await data.sync(gfid);
}

/** A new target, empty unless it is `prepared` from the start. */
function asTarget(
  record: InodeRecord,
  linkto: string,
  token: FenceToken,
  { formerLinkto, prepared }: Partial<Pick<TargetRecord, "formerLinkto" | "prepared">> = {},
): InodeRecord {
  return {
    ...record,
    mode: LINK_FILE_MODE,
    xattrs: new Map([[LINKTO_XATTR, linktoValue(linkto)]]),
    published: undefined,
    target: {
      source: token.source,
      fence: token.fence,
      madeUnder: token.fence,
      phase: prepared === undefined ? "filling" : "prepared",
      formerLinkto,
      prepared,
    },
  };
}

/** The content is whole and on the disk as soon as the record says that there is a target: nobody finds it half made. */
async function putTarget(
  context: TreeContext,
  parent: Gfid,
  name: string,
  object: NewObject,
  {
    linkto,
    token,
    whole,
  }: { readonly linkto: string; readonly token: FenceToken; readonly whole: WholeFile },
): Promise<Created> {
  const { gfid } = object;
  const { content, attributes } = whole;
  const prepared = preparedOf(context, attributes);
  if (content.length !== attributes.size) {
    throw new TreeError("TREE_INVALID", `${content.length} bytes of a file of ${attributes.size}`);
  }
  for (let making; (making = beingMade(context, gfid)) !== undefined;) await making;
  checkNewName(name);
  if (context.records.entry(parent, name) !== undefined) throw nameExists(name);
  return addObject(context, parent, name, object, {
    type: FileType.regular,
    ...(isKept(context, content)
      ? { kept: content }
      : { fill: () => fillBlob(context.store, gfid, content) }),
    finish(record, change) {
      context.targets.another(change);
      return asTarget(record, linkto, token, { prepared });
    },
  });
}

async function adopt(context: TreeContext, gfid: Gfid, linkto: string, token: FenceToken): Promise<Change> {
  const change = await context.change((change) => {
    const record = change.settle(gfid);
    const formerLinkto = record.target === undefined ? linktoOf(record) : record.target.formerLinkto;
    if (record.target === undefined) {
      if (formerLinkto === undefined) throw new TreeError("TREE_NOT_A_TARGET", `${gfid} is no link file`);
      context.targets.another(change);
    }
    const isEmpty = record.target !== undefined && isEmptyUnder(context, change, gfid, record, token);
    const emptied = isEmpty ? record : emptyWithin(change, gfid, record);
    const after = change.putInode(gfid, asTarget(emptied, linkto, token, { formerLinkto }));
    return { prestat: change.iatt(gfid, record), poststat: change.iatt(gfid, after) };
  });
  await emptyBlob(context, gfid);
  return { ...change, poststat: context.iatt(gfid) };
}

/**
 * A target is emptied under a higher fence than the one it was filled under: an adoption that comes late, by a connection
 * that was given up, must not empty what its own runner has copied since, nor what it copies meanwhile.
 * @returns whether the target is empty under that fence, so that nothing is to be done.
 */
function isEmptyUnder(
  context: TreeContext,
  change: TreeChange,
  gfid: Gfid,
  record: InodeRecord,
  token: FenceToken,
): boolean {
  if (record.target?.source !== token.source) {
    throw new TreeError("TREE_MIGRATING", `${gfid} is filled from ${record.target?.source}`);
  }
  context.guard.checkToken(gfid, record, token);
  if (token.fence > record.target.fence) return false;
  const isUntouched = record.target.phase === "filling" && change.blobOf(gfid, record)?.size === 0;
  if (isUntouched) return true;
  throw new TreeError("TREE_FENCED", `${gfid} has data under fence ${token.fence}; a higher one empties it`);
}

/**
 * The target, when it is the one that was made under that fence. Somebody may have removed that one, and a request to make it
 * that comes late, by a connection that was given up, makes another: with none of the data that was written before.
 */
function checkMadeUnder(gfid: Gfid, { target }: InodeRecord, madeUnder: bigint): TargetRecord {
  if (target?.madeUnder === madeUnder) return target;
  const state = target === undefined ? "is no target" : `was made under ${target.madeUnder}`;
  throw new TreeError("TREE_NOT_A_TARGET", `${gfid} ${state}, not under ${madeUnder}`);
}

async function prepare(
  context: TreeContext,
  gfid: Gfid,
  attributes: PreparedAttributes,
  token: FenceToken,
  madeUnder: bigint,
): Promise<Change> {
  const prepared = preparedOf(context, attributes);
  const admit = () => {
    const record = context.records.needInode(gfid);
    context.guard.checkToken(gfid, record, token);
    checkMadeUnder(gfid, record, madeUnder);
    return record;
  };
  await context.contents.change(gfid, admit, () => context.store.data.truncate(gfid, attributes.size));
  await context.store.data.sync(gfid);
  return context.change((change) => {
    const record = change.settle(gfid);
    context.guard.checkToken(gfid, record, token);
    const target = checkMadeUnder(gfid, record, madeUnder);
    const after = { ...record, target: { ...target, phase: "prepared" as const, prepared } };
    change.putInode(gfid, after);
    return { prestat: change.iatt(gfid, record), poststat: change.iatt(gfid, after) };
  });
}

/** What a target is to have, as far as a brick takes it. @throws TreeError `TREE_FILE_TOO_BIG`; xattr codes of `setXattrs`. */
function preparedOf({ options }: TreeContext, attributes: PreparedAttributes): PreparedAttributes {
  if (attributes.size > options.fileBytesMax) {
    throw new TreeError("TREE_FILE_TOO_BIG", `a size of ${attributes.size}`);
  }
  const given = new Map(attributes.xattrs);
  given.delete(LINKTO_XATTR);
  return { ...attributes, xattrs: withXattrs(new Map(), given, options) };
}

function publish(context: TreeContext, change: TreeChange, gfid: Gfid, token: FenceToken): Change {
  const record = change.settle(gfid);
  const stat = change.iatt(gfid, record);
  const { published, target } = record;
  if (target === undefined) {
    const isAgain = published?.source === token.source && published.fence <= token.fence;
    if (!isAgain) throw new TreeError("TREE_NOT_A_TARGET", `${gfid} is no target`);
    return { prestat: stat, poststat: stat };
  }
  context.guard.checkToken(gfid, record, token);
  const { prepared } = target;
  if (prepared === undefined) throw new TreeError("TREE_NOT_PREPARED", `${gfid} is ${target.phase}`);
  const { mode, uid, gid, atimeNs, mtimeNs, ctimeNs, xattrs } = prepared;
  const after = change.putInode(gfid, {
    ...record,
    mode: FileType.regular | (mode & 0o7777),
    uid,
    gid,
    atimeNs,
    mtimeNs,
    ctimeNs,
    dataStampMs: change.blobOf(gfid, record)?.wallModifiedMs ?? 0,
    xattrs,
    target: undefined,
    published: { source: token.source, fence: token.fence },
  });
  return { prestat: stat, poststat: change.iatt(gfid, after) };
}

async function abort(context: TreeContext, gfid: Gfid, token: FenceToken): Promise<void> {
  const isRestored = await context.change((change) => {
    const record = change.inode(gfid);
    if (record === undefined) return false;
    if (record.target === undefined) {
      // A plain link file is what an earlier abort left of an adopted one.
      if (linktoOf(record) !== undefined && record.published === undefined) return false;
      throw new TreeError("TREE_NOT_A_TARGET", `${gfid} is no target`);
    }
    context.guard.checkToken(gfid, record, token);
    return abortWithin(change, gfid, record);
  });
  if (isRestored) await emptyBlob(context, gfid);
}

/** @returns whether a link file is left, whose blob is to be emptied. */
function abortWithin(change: TreeChange, gfid: Gfid, record: InodeRecord): boolean {
  const formerLinkto = record.target?.formerLinkto;
  if (formerLinkto !== undefined) {
    const xattrs = new Map([[LINKTO_XATTR, linktoValue(formerLinkto)]]);
    change.putInode(gfid, { ...emptyWithin(change, gfid, change.settle(gfid)), target: undefined, xattrs });
    return true;
  }
  for (const { parent, name } of change.links(gfid)) {
    const entry = change.entry(parent, name);
    if (entry === undefined) throw new TreeError("TREE_DAMAGED", `a name of ${gfid} is not there; run fsck`);
    change.deleteEntry(parent, entry);
    change.putParent(parent, change.needInode(parent));
    change.dropName(gfid);
  }
  return false;
}

async function commitMoved(context: TreeContext, gfid: Gfid, commit: KnownCommit): Promise<Change> {
  const { linkto } = commit;
  const change = await context.change((change) => {
    const record = change.settle(gfid);
    needRegular(gfid, record);
    const stat = change.iatt(gfid, record);
    if (record.target !== undefined) throw new TreeError("TREE_MIGRATING", `${gfid} is a migration target`);
    const present = linktoOf(record);
    if (present === linkto) return { prestat: stat, poststat: stat };
    if (present !== undefined) throw new TreeError("TREE_MOVED", `${gfid} is on ${present}`, present);
    // A full brick is what files are moved away from: the blob goes with this.
    change.useReserve();
    context.commits.note(change, gfid, commit);
    const after = change.putInode(gfid, {
      ...emptyWithin(change, gfid, record),
      mode: LINK_FILE_MODE,
      xattrs: new Map([[LINKTO_XATTR, linktoValue(linkto)]]),
      published: undefined,
      ctimeNs: change.nowNs,
    });
    return { prestat: stat, poststat: change.iatt(gfid, after) };
  });
  // The record says since now that the data is elsewhere: what is left here may go, and nobody need wait for it.
  context.inBackground(context.emptying.run(gfid, () => emptyBlob(context, gfid)));
  return { ...change, poststat: { ...change.poststat, size: 0, blocks: 0 } };
}
