import { FileType, type FopRequest, type Gfid, OpenFlags } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { TreeError } from "../tree/tree-error.js";
import type { Created, NewObject } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { checkParentLayout, newObject, xattrsOf } from "./new-object.js";
import { findNamed, need, needSticky } from "./permission.js";

/**
 * PUT: a regular file with its content and xattrs, in one step under its name. It takes the place of a file that has the
 * name, unless O_EXCL is among the flags: whoever looks finds the one or the other, whole.
 * Source: definition, `posix_put`; the server of 10.3 does not offer it.
 */
export const put: FopSpec<"put"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets(fop, request) {
    const parent = { gfid: linked(fop, request.pargfid), gate: "put" } as const;
    const replaced = find(fop, request);
    return replaced === undefined ? [parent] : [parent, { gfid: replaced, gate: "rename" }];
  },
  permit(fop, { pargfid }, [, replaced]: readonly FopTarget[]) {
    need(fop, pargfid, Want.write | Want.execute);
    if (replaced !== undefined) needSticky(fop, pargfid, replaced.gfid);
  },
  async handle(fop, request) {
    checkParentLayout(fop, request.pargfid);
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
