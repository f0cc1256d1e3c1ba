import { decodeName, nameToBytes } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/**
 * READLINK: the target, cut to `size` bytes, and their number as `opRet`.
 * Source: measured; a size of 0 is EINVAL, as in readlink(2).
 */
export const readlink: FopSpec<"readlink"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "readlink" }],
  handle(fop, request) {
    const { target, stat } = fop.brick.tree.readlink(request.gfid);
    if (request.size === 0) throw new BrickError("BRICK_ARGUMENT", "a target of no bytes");
    const bytes = nameToBytes(target).subarray(0, request.size);
    return { opRet: bytes.length, opErrno: 0, xdata: null, buf: stat, path: decodeName(bytes) };
  },
};
