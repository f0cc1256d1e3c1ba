import type { FopRequest } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { findNamed, need, needNamed, needSticky } from "./permission.js";

/** RENAME: touches the object that moves, the one it replaces, and both parents. */
export const rename: FopSpec<"rename"> = {
  names: (request) => [
    { parent: request.oldgfid, name: request.oldbname },
    { parent: request.newgfid, name: request.newbname },
  ],
  targets,
  permit(fop, { oldgfid, newgfid }, targets) {
    need(fop, oldgfid, Want.write);
    need(fop, newgfid, Want.write);
    const [moved, replaced] = targets.filter(({ gate }) => gate === "rename");
    if (moved !== undefined) needSticky(fop, oldgfid, moved.gfid);
    if (replaced !== undefined) needSticky(fop, newgfid, replaced.gfid);
  },
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
  const moved = needNamed(fop, oldgfid, oldbname);
  const replaced = findNamed(fop, newgfid, newbname);
  return [
    { gfid: moved, gate: "rename" },
    ...(replaced === undefined ? [] : [{ gfid: replaced, gate: "rename" } as const]),
    { gfid: linked(fop, oldgfid), gate: "mknod" },
    { gfid: linked(fop, newgfid), gate: "mknod" },
  ];
}
