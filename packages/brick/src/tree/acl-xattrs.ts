import { isMinimal, aclWithMode, modeOfAcl } from "../access/acl-mode.js";
import { ACCESS_ACL_XATTR, type Acl, decodeAcl, DEFAULT_ACL_XATTR, encodeAcl } from "../access/posix-acl.js";
import { FileType } from "@brickshift/wire";
import type { InodeRecord } from "./inode-record.js";
import type { Xattrs } from "./tree.js";
import { TreeError } from "./tree-error.js";

const PERMISSIONS = 0o777;

/** The ACL among xattrs; `undefined` when there is none. */
export function aclOf(xattrs: Xattrs, name: string): Acl | undefined {
  const bytes = xattrs.get(name);
  return bytes && decodeAcl(bytes);
}

/**
 * The record with `xattrs`, of which `changed` are new: an access ACL brings its permission bits, and is kept when it says
 * more than they do.
 * @throws TreeError `TREE_INVALID`, `TREE_NO_ACL` for a symbolic link, `TREE_NO_DEFAULT_ACL` for what is no directory.
 * Source: acl(5); measured on a 10.3 brick.
 */
export function withAcls(record: InodeRecord, xattrs: Xattrs, changed: Iterable<string>): InodeRecord {
  let { mode } = record;
  const kept = new Map(xattrs);
  for (const name of changed) {
    if (name !== ACCESS_ACL_XATTR && name !== DEFAULT_ACL_XATTR) continue;
    const acl = checkedAcl(record, name, xattrs.get(name));
    const isAccess = name === ACCESS_ACL_XATTR;
    if (isAccess && acl.length > 0) mode = (mode & ~PERMISSIONS) | modeOfAcl(acl);
    if (acl.length === 0 || (isAccess && isMinimal(acl))) kept.delete(name);
    else kept.set(name, encodeAcl(acl));
  }
  return { ...record, mode, xattrs: kept };
}

/** The record after a chmod, whose mode the ACL follows. */
export function withMode(record: InodeRecord, mode: number): InodeRecord {
  const acl = aclOf(record.xattrs, ACCESS_ACL_XATTR);
  if (acl === undefined) return { ...record, mode };
  const xattrs = new Map(record.xattrs).set(ACCESS_ACL_XATTR, encodeAcl(aclWithMode(acl, mode)));
  return { ...record, mode, xattrs };
}

/** Whether an xattr is an ACL, which an object has or can be given. @throws TreeError `TREE_NO_ACL` for a symbolic link. */
export function isAcl({ mode }: InodeRecord, name: string): boolean {
  if (name !== ACCESS_ACL_XATTR && name !== DEFAULT_ACL_XATTR) return false;
  if ((mode & FileType.mask) === FileType.symlink) {
    throw new TreeError("TREE_NO_ACL", "a symbolic link has no ACL");
  }
  return true;
}

function checkedAcl(record: InodeRecord, name: string, bytes: Uint8Array | undefined): Acl {
  isAcl(record, name);
  const acl = decodeAcl(bytes ?? new Uint8Array());
  if (acl === undefined) throw new TreeError("TREE_INVALID", `no valid ACL in ${name}`);
  const isDirectory = (record.mode & FileType.mask) === FileType.directory;
  if (name === DEFAULT_ACL_XATTR && !isDirectory && acl.length > 0) {
    throw new TreeError("TREE_NO_DEFAULT_ACL", "only a directory has a default ACL");
  }
  return acl;
}
