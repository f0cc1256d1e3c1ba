import type { FopSpec } from "./fop-spec.js";
import { linked } from "./fop-file.js";

/** LINK: one more name for the object `oldgfid` in the directory `newgfid`. */
export const link: FopSpec<"link"> = {
  names: (request) => [{ parent: request.newgfid, name: request.newbname }],
  targets: (fop, request) => [
    { gfid: linked(fop, request.oldgfid), gate: "link" },
    { gfid: linked(fop, request.newgfid), gate: "mknod" },
  ],
  async handle(fop, request) {
    const { oldgfid, newgfid, newbname } = request;
    const { stat, preparent, postparent } = await fop.brick.tree.link(oldgfid, newgfid, newbname);
    return { opRet: 0, opErrno: 0, xdata: null, stat, preparent, postparent };
  },
};
