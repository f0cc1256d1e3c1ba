import { dictGfid, type FopReply, FileType, type Gfid } from "@brickshift/wire";
import type { Created } from "../tree/tree.js";
import type { FopSpec } from "./fop-spec.js";
import { isLinkFile, linktoOfTarget, targetObject } from "./migration-target.js";
import { checkParentLayout, needNewName, newObject } from "./new-object.js";
import { linked } from "./fop-file.js";

const entry = (request: { readonly pargfid: Gfid; readonly bname: string }) => [
  { parent: request.pargfid, name: request.bname },
];

/** MKDIR. */
export const mkdir: FopSpec<"mkdir"> = {
  names: entry,
  targets: (fop, request) => [{ gfid: linked(fop, request.pargfid), gate: "mkdir" }],
  permit: (fop, { pargfid, bname }) => needNewName(fop, pargfid, bname),
  async handle(fop, request) {
    checkParentLayout(fop, request.pargfid);
    const object = newObject(fop, FileType.directory, request);
    return made(await fop.brick.tree.mkdir(request.pargfid, request.bname, object));
  },
};

/**
 * MKNOD. A link file with a fence and its source in xdata is a migration target; another one whose gfid is here already
 * is a link to that.
 */
export const mknod: FopSpec<"mknod"> = {
  names: entry,
  targets(fop, request) {
    const parent = { gfid: linked(fop, request.pargfid), gate: "mknod" } as const;
    const gfid = isLinkFile(request.mode) ? dictGfid(fop.xdata, "gfid-req") : undefined;
    return gfid !== undefined && fop.brick.tree.isLinked(gfid) ? [parent, { gfid, gate: "link" }] : [parent];
  },
  permit: (fop, { pargfid, bname }) => needNewName(fop, pargfid, bname),
  async handle(fop, request) {
    checkParentLayout(fop, request.pargfid);
    const { pargfid, bname, mode, dev } = request;
    const { tree } = fop.brick;
    const linkto = linktoOfTarget(fop, mode);
    if (linkto !== undefined) {
      const target = targetObject(fop, pargfid, mode);
      return made(await tree.createTarget(pargfid, bname, target, linkto, fop.token));
    }
    const object = { ...newObject(fop, mode & FileType.mask || FileType.regular, request), rdev: dev };
    return made(await tree.mknod(pargfid, bname, object));
  },
};

/** SYMLINK. */
export const symlink: FopSpec<"symlink"> = {
  names: entry,
  targets: (fop, request) => [{ gfid: linked(fop, request.pargfid), gate: "symlink" }],
  permit: (fop, { pargfid, bname }) => needNewName(fop, pargfid, bname),
  async handle(fop, request) {
    const { pargfid, bname, linkname, umask } = request;
    const object = newObject(fop, FileType.symlink, { pargfid, umask, mode: 0o777 });
    return made(await fop.brick.tree.symlink(pargfid, bname, linkname, object));
  },
};

function made({ stat, preparent, postparent }: Created): FopReply<"mknod"> {
  return { opRet: 0, opErrno: 0, xdata: null, stat, preparent, postparent };
}
