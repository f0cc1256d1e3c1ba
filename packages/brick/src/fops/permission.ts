import type { Gfid } from "@brickshift/wire";
import type { Verdict } from "../access/attribute-permission.js";
import { isExempt, permits, permitsInSticky, type Protection } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import { isDots } from "../tree/entry-name.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";

/** @throws {@link BrickError} `BRICK_ACCESS` unless the caller may do all of `wanted` with the object. */
export function need(fop: FopCall, gfid: Gfid, wanted: number): void {
  if (isExempt(fop.caller) || permits(fop.brick.tree.protection(gfid), fop.caller, wanted)) return;
  throw denied();
}

/** @throws {@link BrickError} `BRICK_ACCESS` unless the caller may take a name of `object` out of `directory`. */
export function needSticky(fop: FopCall, directory: Gfid, object: Gfid): void {
  const { caller, brick } = fop;
  if (isExempt(caller)) return;
  const { tree } = brick;
  if (permitsInSticky(tree.protection(directory), tree.protection(object), caller)) return;
  throw denied();
}

/** @throws {@link BrickError} `BRICK_ACCESS`, `BRICK_NOT_OWNER` as `judge` says of the object. */
export function needVerdict(fop: FopCall, gfid: Gfid, judge: (object: Protection) => Verdict): void {
  const verdict = judge(fop.brick.tree.protection(gfid));
  if (verdict === "denied") throw denied();
  if (verdict === "not-owner") throw new BrickError("BRICK_NOT_OWNER", "that is for the owner to do");
}

/** The object of that name, if there is one: none is called "." or has a name that is too long. */
export function findNamed({ brick }: FopCall, parent: Gfid, name: string): Gfid | undefined {
  if (isDots(name)) return undefined;
  try {
    return brick.tree.lookup(parent, name).stat.gfid;
  } catch (error) {
    if (!(error instanceof TreeError)) throw error;
    if (error.code === "TREE_NO_ENTRY" || error.code === "TREE_NAME_TOO_LONG") return undefined;
    throw error;
  }
}

/** The object of that name. @throws {@link TreeError} `TREE_NO_ENTRY`. */
export function needNamed(fop: FopCall, parent: Gfid, name: string): Gfid {
  const found = findNamed(fop, parent, name);
  if (found !== undefined) return found;
  throw new TreeError("TREE_NO_ENTRY", `no such name in ${parent}`);
}

/** What a caller is told who may not do it. */
export function denied(): BrickError {
  return new BrickError("BRICK_ACCESS", "the permissions forbid it");
}
