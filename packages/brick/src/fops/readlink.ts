import { nameByteLength } from "@brickshift/wire";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** READLINK: `opRet` is the length of the target, of which `size` bytes at most are wanted. */
export const readlink: FopSpec<"readlink"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "readlink" }],
  handle(fop, request) {
    const { target, stat } = fop.brick.tree.readlink(request.gfid);
    return { opRet: nameByteLength(target), opErrno: 0, xdata: null, buf: stat, path: target };
  },
};
