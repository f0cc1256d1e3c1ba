import { Want } from "../access/permission.js";
import type { FopSpec } from "./fop-spec.js";
import { linked } from "./fop-file.js";
import { findNamed, need, needSticky } from "./permission.js";

/** LINK: one more name for the object `oldgfid` in the directory `newgfid`. */
export const link: FopSpec<"link"> = {
  names: (request) => [{ parent: request.newgfid, name: request.newbname }],
  targets: (fop, request) => [
    { gfid: linked(fop, request.oldgfid), gate: "link" },
    { gfid: linked(fop, request.newgfid), gate: "mknod" },
  ],
  permit(fop, { oldgfid, newgfid, newbname }) {
    // That the name is taken is said first.
    if (findNamed(fop, newgfid, newbname) !== undefined) return;
    need(fop, newgfid, Want.write);
    needSticky(fop, newgfid, oldgfid);
  },
  async handle(fop, request) {
    const { oldgfid, newgfid, newbname } = request;
    const { stat, preparent, postparent } = await fop.brick.tree.link(oldgfid, newgfid, newbname);
    return { opRet: 0, opErrno: 0, xdata: null, stat, preparent, postparent };
  },
};
