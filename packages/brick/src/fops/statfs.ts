import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** STATFS of the brick, whichever of its objects the gfid is. */
export const statfs: FopSpec<"statfs"> = {
  handle(fop, request) {
    linked(fop, request.gfid);
    return { opRet: 0, opErrno: 0, xdata: null, statfs: fop.brick.tree.statfs() };
  },
};
