import { FileType, type Gfid, NULL_GFID, OpenFlags } from "@brickshift/wire";
import { isExempt } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import type { OpenFd } from "../server/fd-table.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { needNewName, permissions, requestedGfid, xattrsOf } from "./new-object.js";

/**
 * ICREATE: a regular file of the given gfid without a name. Its client holds it as if by an fd, among whose number it
 * counts, and uses it through the anonymous fd; it is gone with its client, unless NAMELINK gives it a name before.
 * Source: definition; a 10.3 brick knows the call, and none of its translators carries it out.
 */
export const icreate: FopSpec<"icreate"> = {
  async handle(fop, { gfid, mode }) {
    const { brick, owner, caller } = fop;
    const type = mode & FileType.mask;
    if (gfid === NULL_GFID) throw new BrickError("BRICK_GFID_REQUIRED", "a new object needs a gfid");
    if (type !== 0 && type !== FileType.regular) {
      throw new TreeError("TREE_INVALID", "only a regular file is made without a name");
    }
    owner.fds.checkRoom();
    const { uid, gid } = caller;
    const object = { gfid, mode: permissions(mode), uid, gid, xattrs: xattrsOf(fop.xdata) };
    const stat = await brick.tree.createNameless(object);
    try {
      brick.openFd(owner, { gfid, kind: "file", flags: OpenFlags.rdwr, leaseId: fop.leaseId }, true);
    } finally {
      // From here on the fd alone holds it.
      brick.tree.release(gfid);
    }
    return { opRet: 0, opErrno: 0, xdata: null, stat };
  },
};

/**
 * NAMELINK: gives the file that ICREATE made its name. The request has no place for its gfid, which is taken from the
 * `gfid-req` of the extra data, as in fops that make an object.
 */
export const namelink: FopSpec<"namelink"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets: (fop, request) => [
    { gfid: linked(fop, request.pargfid), gate: "namelink" },
    { gfid: needNameless(fop).gfid, gate: "link" },
  ],
  permit(fop, { pargfid, bname }) {
    needNewName(fop, pargfid, bname);
    const { uid } = fop.brick.tree.stat(requestedGfid(fop));
    if (uid === fop.caller.uid || isExempt(fop.caller)) return;
    throw new BrickError("BRICK_NOT_OWNER", "its owner names a file");
  },
  async handle(fop, { pargfid, bname }) {
    const { brick, owner } = fop;
    const { gfid, number } = needNameless(fop);
    const { preparent, postparent } = await brick.tree.nameObject(gfid, pargfid, bname);
    if (!owner.isGone) brick.closeFd(owner, number);
    return { opRet: 0, opErrno: 0, xdata: null, prestat: preparent, poststat: postparent };
  },
};

/** What holds the file that the caller's client made. @throws `TREE_STALE`: it is another's, has a name, or is not there. */
function needNameless(fop: FopCall): OpenFd {
  const gfid: Gfid = requestedGfid(fop);
  const { tree, gate } = fop.brick;
  if (!tree.isLinked(gfid)) {
    for (const fd of gate.inodes.find(gfid)?.fds ?? []) if (fd.client === fop.client) return fd;
  }
  throw new TreeError("TREE_STALE", "this client made no such file without a name");
}
