import type { FopRequest, Gfid } from "@brickshift/wire";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";

/** RENAME: touches the object that moves, the one it replaces, and both parents. */
export const rename: FopSpec<"rename"> = {
  names: (request) => [
    { parent: request.oldgfid, name: request.oldbname },
    { parent: request.newgfid, name: request.newbname },
  ],
  targets,
  async handle(fop, request) {
    const { brick } = fop;
    const { oldgfid, oldbname, newgfid, newbname } = request;
    const { replaced, ...renamed } = await brick.tree.rename(oldgfid, oldbname, newgfid, newbname);
    if (replaced?.nlink === 0) fop.unlinked(replaced.gfid);
    return { opRet: 0, opErrno: 0, xdata: null, ...renamed };
  },
};

function targets(fop: FopCall, request: FopRequest<"rename">): readonly FopTarget[] {
  const { oldgfid, oldbname, newgfid, newbname } = request;
  const moved = fop.brick.tree.lookup(oldgfid, oldbname).stat.gfid;
  const replaced = findReplaced(fop, newgfid, newbname);
  return [
    { gfid: moved, gate: "rename" },
    ...(replaced === undefined ? [] : [{ gfid: replaced, gate: "rename" } as const]),
    { gfid: linked(fop, oldgfid), gate: "mknod" },
    { gfid: linked(fop, newgfid), gate: "mknod" },
  ];
}

function findReplaced(fop: FopCall, parent: Gfid, name: string): Gfid | undefined {
  try {
    return fop.brick.tree.lookup(parent, name).stat.gfid;
  } catch (error) {
    if (error instanceof TreeError && error.code === "TREE_NO_ENTRY") return undefined;
    throw error;
  }
}
