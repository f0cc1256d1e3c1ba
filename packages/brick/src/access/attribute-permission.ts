import { type Identity, isExempt, isIn, isSuperuser, permits, type Protection, Want } from "./permission.js";
import { ACCESS_ACL_XATTR, DEFAULT_ACL_XATTR } from "./posix-acl.js";

/** What comes of a look at the permissions: `denied` is EACCES, `not-owner` EPERM. */
export type Verdict = "granted" | "denied" | "not-owner";

/** What SETATTR is to change, as far as that needs a permission. */
export interface WantedAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly atimeNs?: unknown;
  readonly mtimeNs?: unknown;
}

/**
 * SETATTR: mode, owner and group are the owner's to set, the owner to none but the present one, the group to one of
 * the caller's; times are everybody's who may write. Internal clients are bound here as others are.
 * Source: measured on a 10.3 brick.
 */
export function permitsAttributes(object: Protection, caller: Identity, wanted: WantedAttributes): Verdict {
  if (isSuperuser(caller)) return "granted";
  const { mode, uid, gid } = wanted;
  const isOwner = caller.uid === object.uid;
  if (!isOwner && (mode !== undefined || uid !== undefined || gid !== undefined)) return "not-owner";
  if (uid !== undefined && uid !== object.uid) return "not-owner";
  if (gid !== undefined && !isIn(caller, gid)) return "not-owner";
  const changesTimes = wanted.atimeNs !== undefined || wanted.mtimeNs !== undefined;
  const changesSize = wanted.size !== undefined;
  if ((changesTimes && !isOwner) || changesSize) return writable(object, caller);
  return "granted";
}

const SETGID = 0o2000;

/** The mode that a chmod comes to: who is not in the group of the object does not set its set-group-id bit. Source: chmod(2). */
export function settableMode(object: Protection, caller: Identity, mode: number): number {
  return isExempt(caller) || isIn(caller, object.gid) ? mode : mode & ~SETGID;
}

/** SETXATTR: ACLs are the owner's to set, other xattrs everybody's who may write. */
export function permitsSetXattr(object: Protection, caller: Identity, name: string): Verdict {
  return isAcl(name) ? owned(object, caller) : writable(object, caller);
}

/** REMOVEXATTR: as SETXATTR, and an owner must be able to write as well. Source: measured on a 10.3 brick. */
export function permitsRemoveXattr(object: Protection, caller: Identity, name: string): Verdict {
  if (isAcl(name) && owned(object, caller) === "not-owner") return "not-owner";
  return writable(object, caller);
}

/** GETXATTR: ACLs are for all to see, others for who may read. */
export function permitsGetXattr(object: Protection, caller: Identity, name: string): Verdict {
  return isAcl(name) || permits(object, caller, Want.read) ? "granted" : "denied";
}

function isAcl(name: string): boolean {
  return name === ACCESS_ACL_XATTR || name === DEFAULT_ACL_XATTR;
}

function owned(object: Protection, caller: Identity): Verdict {
  return isSuperuser(caller) || caller.uid === object.uid ? "granted" : "not-owner";
}

function writable(object: Protection, caller: Identity): Verdict {
  return permits(object, caller, Want.write) ? "granted" : "denied";
}
