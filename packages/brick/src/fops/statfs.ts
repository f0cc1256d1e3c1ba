import type { FopSpec } from "./fop-spec.js";

/** STATFS of the brick, whatever the gfid. */
export const statfs: FopSpec<"statfs"> = {
  handle: (fop) => ({ opRet: 0, opErrno: 0, xdata: null, statfs: fop.brick.tree.statfs() }),
};
