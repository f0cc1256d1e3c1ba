import { dictBytes, dictGfid, dictText, type Gfid, NULL_GFID, type Dict } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { NewObject, Xattrs } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";

const preopKey = "glusterfs.preop.parent.key";
const xattrNames = /^(trusted|user|system|security)\./;
const permissionBits = 0o7777;

/**
 * What a new object is made with: the gfid that the client chose, the caller's owner, and every xattr of the
 * request's xdata.
 * @throws {@link BrickError} `BRICK_GFID_REQUIRED` without a `gfid-req`, as stock bricks do.
 */
export function newObject(fop: FopCall, mode: number): NewObject {
  const gfid = dictGfid(fop.xdata, "gfid-req");
  if (gfid === undefined || gfid === NULL_GFID) {
    throw new BrickError("BRICK_GFID_REQUIRED", "a new object needs a gfid-req");
  }
  const { uid, gid } = fop.caller;
  return { gfid, mode, uid, gid, xattrs: xattrsOf(fop.xdata) };
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

function xattrsOf(xdata: Dict | null): Xattrs {
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
