import { permits } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

const ALL = 7;
/** The pid by which the NFS server calls: stock bricks let it have what it asks for, and check its fops themselves. */
const NFS_PID = 1;

/** ACCESS: whether the caller may do what `mask` says (4 read, 2 write, 1 execute). Source: measured on a 10.3 brick. */
export const access: FopSpec<"access"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "access" }],
  handle(fop, request) {
    const asked = request.mask & ALL;
    if (asked === 0 && request.mask !== 0) {
      throw new BrickError("BRICK_ARGUMENT", "a mask of nothing but bits that there are not");
    }
    const { caller, brick } = fop;
    const isAllowed = caller.pid === NFS_PID || permits(brick.tree.protection(request.gfid), caller, asked);
    if (!isAllowed) throw new BrickError("BRICK_ACCESS", "the permissions forbid it");
    return { opRet: 0, opErrno: 0, xdata: null };
  },
};
