import { dictBytes, dictGfid, dictText, type Gfid, NULL_GFID, type Dict } from "@brickshift/wire";
import { newProtection } from "../access/new-protection.js";
import { Want } from "../access/permission.js";
import { ACCESS_ACL_XATTR, DEFAULT_ACL_XATTR, encodeAcl } from "../access/posix-acl.js";
import { BrickError } from "../brick-error.js";
import type { NewObject } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { findNamed, need } from "./permission.js";

const preopKey = "glusterfs.preop.parent.key";
const xattrNames = /^(trusted|user|system|security)\./;
const permissionBits = 0o7777;

/** What a client asks for in a request that makes an object. */
export interface ObjectRequest {
  readonly pargfid: Gfid;
  readonly mode: number;
  readonly umask: number;
}

/**
 * What a new object of `type` is made with: the gfid that the client chose, the caller's owner, what mode, umask and the
 * parent's default ACL come to, and every xattr of the request's xdata.
 * @throws {@link BrickError} `BRICK_GFID_REQUIRED` without a `gfid-req`, as stock bricks do.
 */
export function newObject(fop: FopCall, type: number, { pargfid, mode, umask }: ObjectRequest): NewObject {
  const gfid = requestedGfid(fop);
  const { uid, gid } = fop.caller;
  const { inherited: defaultAcl } = fop.brick.tree.protection(pargfid);
  const given = newProtection(type, permissions(mode), umask, defaultAcl);
  const xattrs = xattrsOf(fop.xdata);
  if (given.access !== undefined) xattrs.set(ACCESS_ACL_XATTR, encodeAcl(given.access));
  if (given.inherited !== undefined) xattrs.set(DEFAULT_ACL_XATTR, encodeAcl(given.inherited));
  return { gfid, mode: type | given.mode, uid, gid, xattrs };
}

/** The gfid that the client chose for an object. @throws {@link BrickError} `BRICK_GFID_REQUIRED` without a `gfid-req`. */
export function requestedGfid({ xdata }: FopCall): Gfid {
  const gfid = dictGfid(xdata, "gfid-req");
  if (gfid !== undefined && gfid !== NULL_GFID) return gfid;
  throw new BrickError("BRICK_GFID_REQUIRED", "a gfid-req is needed");
}

/** Refuses who may not make names in `parent`; that a name is taken is said first. */
export function needNewName(fop: FopCall, parent: Gfid, name: string): void {
  if (findNamed(fop, parent, name) === undefined) need(fop, parent, Want.write | Want.execute);
}

/** The mode of a new object without its type bits. */
export function permissions(mode: number): number {
  return mode & permissionBits;
}

/**
 * Refuses a new object when the parent's layout is not the one that the client went by.
 * @throws {@link BrickError} `BRICK_PARENT_LAYOUT_MISSING`, `BRICK_PARENT_LAYOUT_DIFFERS`.
 * Source: measured (`fop-mkdir`) for a parent without layout; the other case from the definition.
 */
export function checkParentLayout(fop: FopCall, parent: Gfid): void {
  const key = dictText(fop.xdata, preopKey);
  if (key === undefined) return;
  const expected = dictBytes(fop.xdata, key);
  const stored = fop.brick.tree.listXattrs(parent).get(key);
  if (stored === undefined) throw new BrickError("BRICK_PARENT_LAYOUT_MISSING", `the parent has no ${key}`);
  if (expected === undefined || !isEqual(expected, stored)) {
    throw new BrickError("BRICK_PARENT_LAYOUT_DIFFERS", `the parent has another ${key}`);
  }
}

/** The xattrs of a dictionary that makes an object; its other keys are not for the object. */
export function xattrsOf(xdata: Dict | null): Map<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  if (xdata === null) return xattrs;
  const consumed = dictText(xdata, preopKey);
  for (const key of xdata.keys()) {
    const value = key !== consumed && xattrNames.test(key) ? dictBytes(xdata, key) : undefined;
    if (value !== undefined) xattrs.set(key, value);
  }
  return xattrs;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
