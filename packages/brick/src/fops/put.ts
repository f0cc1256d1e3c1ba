import { FileType, type FopReply, type FopRequest, type Gfid, OpenFlags } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import { TreeError } from "../tree/tree-error.js";
import type { Created, NewObject } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { leaseFromBirth } from "./lease-from-birth.js";
import { preparedAttributes } from "./migration-step.js";
import { linktoOfTarget, targetObject } from "./migration-target.js";
import { checkParentLayout, newObject, xattrsOf } from "./new-object.js";
import { denied, findNamed, need, needSticky } from "./permission.js";

/**
 * PUT: a regular file with its content and xattrs, in one step under its name. It takes the place of a file that has the
 * name, unless O_EXCL is among the flags: whoever looks finds the one or the other, whole. A link file with a fence and its source in
 * xdata is a migration target with all that it is to have, prepared; the attributes are among the xattrs, as in the step `prepare`.
 * Source: definition, `posix_put`; the server of 10.3 does not offer it.
 */
export const put: FopSpec<"put"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets(fop, request) {
    const parent = { gfid: linked(fop, request.pargfid), gate: "put" } as const;
    // A target replaces nothing: that its name is taken is for the tree to say.
    const replaced = linktoOfTarget(fop, request.mode) === undefined ? find(fop, request) : undefined;
    return replaced === undefined ? [parent] : [parent, { gfid: replaced, gate: "rename" }];
  },
  permit(fop, { pargfid, mode }, [, replaced]: readonly FopTarget[]) {
    // Its attributes are whatever the request says, also those that only the superuser may give.
    if (linktoOfTarget(fop, mode) !== undefined) throw denied();
    need(fop, pargfid, Want.write | Want.execute);
    if (replaced !== undefined) needSticky(fop, pargfid, replaced.gfid);
  },
  async handle(fop, request) {
    checkParentLayout(fop, request.pargfid);
    const linkto = linktoOfTarget(fop, request.mode);
    if (linkto !== undefined) return putTarget(fop, request, linkto);
    const given = newObject(fop, FileType.regular, request);
    const xattrs = new Map([...(given.xattrs ?? []), ...xattrsOf(request.xattr)]);
    const { stat, preparent, postparent } = await putFile(fop, request, { ...given, xattrs });
    return { opRet: 0, opErrno: 0, xdata: null, stat, preparent, postparent };
  },
};

/** What has the name. @throws {@link TreeError} `TREE_EXISTS` when the client wants a new one. */
function find(fop: FopCall, { pargfid, bname, flag }: FopRequest<"put">): Gfid | undefined {
  const found = findNamed(fop, pargfid, bname);
  if (found === undefined || (flag & OpenFlags.excl) === 0) return found;
  throw new TreeError("TREE_EXISTS", "the name is taken");
}

async function putTarget(fop: FopCall, request: FopRequest<"put">, linkto: string): Promise<FopReply<"put">> {
  const { pargfid, bname, mode, flag, offset, xattr, payload: content } = request;
  // What has the name may be the only copy of its data.
  if ((flag & OpenFlags.excl) === 0 || offset !== 0) {
    throw new BrickError("BRICK_ARGUMENT", "a target is new, and put as a whole");
  }
  const object = targetObject(fop, pargfid, mode);
  const whole = { content, attributes: preparedAttributes(xattr) };
  const { tree } = fop.brick;
  const { stat, preparent, postparent } = await tree.putTarget(
    pargfid,
    bname,
    object,
    linkto,
    fop.token,
    whole,
  );
  const xdata = leaseFromBirth(fop, object.gfid);
  return { opRet: 0, opErrno: 0, xdata, stat, preparent, postparent };
}

async function putFile(fop: FopCall, request: FopRequest<"put">, object: NewObject): Promise<Created> {
  const { tree } = fop.brick;
  const { gfid } = object;
  const { pargfid, bname, offset, flag, payload } = request;
  await tree.createNameless(object, pargfid);
  try {
    await tree.write(gfid, offset, payload);
    if ((flag & OpenFlags.sync) !== 0) await tree.fsync(gfid, false);
    const { replaced, ...named } = await tree.nameObject(gfid, pargfid, bname, { replaces: true });
    if (replaced?.nlink === 0) fop.unlinked(replaced.gfid);
    return named;
  } finally {
    tree.release(gfid);
  }
}
