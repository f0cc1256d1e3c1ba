import { FileType, type Gfid } from "@brickshift/wire";
import { withoutSetId } from "../access/new-protection.js";
import { isAcl, withAcls, withMode } from "./acl-xattrs.js";
import { needRegular } from "./data-calls.js";
import { isDirectory, type InodeRecord, typeOf } from "./inode-record.js";
import type { AttributeChange, Change, Tree, XattropOperation, Xattrs } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { checkHasXattrs, checkMayChange, withXattrs } from "./xattr-rules.js";
import { combineXattr } from "./xattrop.js";

const PERMISSIONS = 0o7777;

type AttributeCalls = Pick<Tree, "setattr" | "setXattrs" | "removeXattr" | "xattrop">;

/** The calls that change attributes and xattrs. */
export function attributeCalls(context: TreeContext): AttributeCalls {
  const { guard, options } = context;
  return {
    async setattr(gfid, wanted, access) {
      if (wanted.size !== undefined) {
        const admit = () => {
          const record = guard.admit(gfid, access, "attributes");
          needRegular(gfid, record);
          return record;
        };
        return context.contents.change(gfid, admit, (record) => resizeAndSet(context, gfid, wanted, record));
      }
      return context.change((change) => {
        guard.admit(gfid, access, "attributes", change);
        return setAttributes(change, gfid, wanted);
      }, "kill");
    },
    setXattrs: (gfid, xattrs, mode = "set", access) =>
      context.change((change) => {
        const record = guard.admit(gfid, access, "attributes", change);
        const { xattrs: present } = record;
        for (const name of xattrs.keys()) {
          checkHasXattrs(record, name);
          const isThere = present.has(name);
          if (isThere && (mode === "create" || mode === "create-and-replace"))
            throw new TreeError("TREE_XATTR_EXISTS", `xattr ${name}`);
          if (!isThere && (mode === "replace" || mode === "create-and-replace"))
            throw new TreeError("TREE_NO_XATTR", `xattr ${name}`);
        }
        return putXattrs(change, gfid, withXattrs(present, xattrs, options), xattrs.keys());
      }, "kill"),
    removeXattr: (gfid, name, access) =>
      context.change((change) => {
        const record = guard.admit(gfid, access, "attributes", change);
        checkMayChange(name);
        checkHasXattrs(record, name);
        const left = new Map(record.xattrs);
        // An ACL that says no more than the mode is not kept, and may be removed all the same.
        if (!left.delete(name) && !isAcl(record, name))
          throw new TreeError("TREE_NO_XATTR", `${gfid} has no xattr ${name}`);
        return putXattrs(change, gfid, left);
      }, "kill"),
    xattrop: (gfid, operation, xattrs, access) =>
      context.change((change) => {
        const { xattrs: present } = guard.admit(gfid, access, "attributes", change);
        const combined = combineAll(operation, present, xattrs);
        const changed = putXattrs(change, gfid, withXattrs(present, combined, options));
        return { ...changed, values: operation === "get-and-set" ? before(present, xattrs) : combined };
      }, "kill"),
  };
}

async function resizeAndSet(
  context: TreeContext,
  gfid: Gfid,
  wanted: AttributeChange,
  record: InodeRecord,
): Promise<Change> {
  const size = wanted.size as number;
  if (size > context.options.fileBytesMax) throw new TreeError("TREE_FILE_TOO_BIG", `a size of ${size}`);
  const prestat = context.iatt(gfid, record);
  await context.store.data.truncate(gfid, size);
  context.touch(gfid);
  const { poststat } = await context.change((change) => setAttributes(change, gfid, wanted), "kill");
  return { prestat, poststat };
}

function setAttributes(change: TreeChange, gfid: Gfid, wanted: AttributeChange): Change {
  const record = change.settle(gfid);
  const timeOf = (time: bigint | "now" | undefined, old: bigint) =>
    time === undefined ? old : time === "now" ? change.nowNs : time;
  const after: InodeRecord = {
    ...withMode(record, modeAfter(record, wanted)),
    uid: wanted.uid ?? record.uid,
    gid: wanted.gid ?? record.gid,
    atimeNs: timeOf(wanted.atimeNs, record.atimeNs),
    mtimeNs: timeOf(wanted.mtimeNs, record.mtimeNs),
    ctimeNs: wanted.ctimeNs ?? change.nowNs,
  };
  change.putInode(gfid, after);
  return { prestat: change.iatt(gfid, record), poststat: change.iatt(gfid, after) };
}

/** A symbolic link keeps its mode; giving away what is no directory takes its set-id bits, unless a mode comes along. */
function modeAfter(record: InodeRecord, wanted: AttributeChange): number {
  const { mode, uid, gid } = wanted;
  if (typeOf(record) === FileType.symlink) return record.mode;
  if (mode !== undefined) return (record.mode & FileType.mask) | (mode & PERMISSIONS);
  // Who asks for nothing calls chown(2) without owner and group, which takes them too. Source: measured.
  const isChown = uid !== undefined || gid !== undefined || Object.keys(wanted).length === 0;
  return isChown && !isDirectory(record) ? withoutSetId(record.mode) : record.mode;
}

/** `changed`: names of which ACLs have to be brought in line with the mode. */
function putXattrs(change: TreeChange, gfid: Gfid, xattrs: Xattrs, changed: Iterable<string> = []): Change {
  const record = change.settle(gfid);
  const after = change.putInode(gfid, { ...withAcls(record, xattrs, changed), ctimeNs: change.nowNs });
  return { prestat: change.iatt(gfid, record), poststat: change.iatt(gfid, after) };
}

function combineAll(operation: XattropOperation, present: Xattrs, operands: Xattrs): Xattrs {
  const combined = new Map<string, Uint8Array>();
  for (const [name, operand] of operands)
    combined.set(name, combineXattr(operation, present.get(name), operand));
  return combined;
}

/** What was stored under the names of `operands`; zeros where nothing was. */
function before(present: Xattrs, operands: Xattrs): Xattrs {
  const values = new Map<string, Uint8Array>();
  for (const [name, operand] of operands)
    values.set(name, present.get(name) ?? new Uint8Array(operand.length));
  return values;
}
