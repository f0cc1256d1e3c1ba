import { dictNumber, type Dict, type FopReply, type Gfid, uintValue } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import type { Removed, UnlinkCondition } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { need, needNamed, needSticky } from "./permission.js";

/** RMDIR with this flag removes the tree below as well; this brick does not. */
const RECURSIVE = 1;

/** UNLINK: the attributes in the reply are the parent's. */
export const unlink: FopSpec<"unlink"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets: (fop, request) => [childOf(fop, request, "unlink"), parentOf(fop, request.pargfid)],
  permit: (fop, request, targets) => needRemoval(fop, request.pargfid, targets),
  async handle(fop, request) {
    const { brick } = fop;
    const removed = await brick.tree.unlink(request.pargfid, request.bname, conditionOf(fop));
    if (removed.nlink === 0) fop.unlinked(removed.gfid);
    return reply(removed, linkCount(fop, removed));
  },
};

/** RMDIR. */
export const rmdir: FopSpec<"rmdir"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets: (fop, request) => [childOf(fop, request, "rmdir"), parentOf(fop, request.pargfid)],
  permit: (fop, request, targets) => needRemoval(fop, request.pargfid, targets),
  async handle(fop, request) {
    const { brick } = fop;
    if ((request.xflags & RECURSIVE) !== 0) {
      throw new BrickError("BRICK_UNSUPPORTED", "a directory is removed when it is empty");
    }
    const removed = await brick.tree.rmdir(request.pargfid, request.bname);
    fop.unlinked(removed.gfid);
    return reply(removed, null);
  },
};

function needRemoval(fop: FopCall, parent: Gfid, [child]: readonly FopTarget[]): void {
  need(fop, parent, Want.write | Want.execute);
  if (child !== undefined) needSticky(fop, parent, child.gfid);
}

function childOf(
  fop: FopCall,
  request: { readonly pargfid: Gfid; readonly bname: string },
  gate: "unlink" | "rmdir",
): FopTarget {
  return { gfid: needNamed(fop, request.pargfid, request.bname), gate };
}

function parentOf(fop: FopCall, gfid: Gfid): FopTarget {
  return { gfid: linked(fop, gfid), gate: "mknod" };
}

/**
 * What a client may make the removal depend on. It has to hold in the step that removes, not before it: a link file may be
 * published meanwhile, and hold the only data.
 * Source: definition, glusterfs `posix_unlink`; not captured.
 */
function conditionOf({ xdata }: FopCall): UnlinkCondition {
  const isSet = (key: string) => (dictNumber(xdata, key) ?? 0) !== 0;
  return {
    onlyLinkFile: isSet("unlink-only-if-dht-linkto-file"),
    notHeld: isSet("dont-unlink-for-open-fd"),
  };
}

/** Source: measured; it comes with every UNLINK, and is the names that are left only for those who ask. */
function linkCount(fop: FopCall, { nlink }: Removed): Dict {
  const isAsked = fop.xdata?.has("get-link-count") === true;
  return new Map([["get-link-count", uintValue(isAsked ? nlink : 0)]]);
}

function reply({ preparent, postparent }: Removed, xdata: Dict | null): FopReply<"unlink"> {
  return { opRet: 0, opErrno: 0, xdata, prestat: preparent, poststat: postparent };
}
