import {
  dictGfid,
  type FopReply,
  type FopRequest,
  FileType,
  getXdata,
  type Gfid,
  LINK_FILE_PERMISSIONS,
} from "@brickshift/wire";
import type { Created } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import type { FopSpec } from "./fop-spec.js";
import { checkParentLayout, needNewName, newObject, permissions } from "./new-object.js";
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
    const target = migrationTarget(fop, mode);
    if (target !== undefined) return made(await makeTarget(fop, request, target));
    const object = { ...newObject(fop, mode & FileType.mask || FileType.regular, request), rdev: dev };
    return made(await fop.brick.tree.mknod(pargfid, bname, object));
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

function migrationTarget(fop: FopCall, mode: number): string | undefined {
  return isLinkFile(mode) && fop.access.token !== undefined ? getXdata(fop.xdata, "linkto") : undefined;
}

function isLinkFile(mode: number): boolean {
  const type = mode & FileType.mask;
  return permissions(mode) === LINK_FILE_PERMISSIONS && (type === 0 || type === FileType.regular);
}

function makeTarget(
  fop: FopCall,
  { pargfid, bname, mode }: FopRequest<"mknod">,
  linkto: string,
): Promise<Created> {
  // It gets its attributes when it is published: nothing is inherited.
  const { xattrs: _xattrs, ...object } = newObject(fop, FileType.regular, { pargfid, mode, umask: 0 });
  const target = { ...object, mode: permissions(mode) };
  return fop.brick.tree.createTarget(pargfid, bname, target, linkto, fop.token);
}
