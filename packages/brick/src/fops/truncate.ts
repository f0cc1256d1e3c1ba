import type { FopReply } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import type { Change } from "../tree/tree.js";
import { cutExtent } from "./changed-extent.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { need } from "./permission.js";

/** TRUNCATE: cuts or grows the file to `offset` bytes. */
export const truncate: FopSpec<"truncate"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "truncate" }],
  permit: (fop, request) => need(fop, request.gfid, Want.write),
  marks: (fop, request) => cutExtent(fop, request.gfid, request.offset),
  handle: async (fop, request) => r2(await fop.brick.tree.truncate(request.gfid, request.offset, fop.access)),
};

/** FTRUNCATE. */
export const ftruncate: FopSpec<"ftruncate"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "ftruncate" }],
  marks: (fop, request) => cutExtent(fop, fileOf(fop, request).gfid, request.offset),
  async handle(fop, request) {
    const file = fileOf(fop, request);
    // Source: ftruncate(2), which alone does not say EBADF.
    if (!file.writes) throw new BrickError("BRICK_ARGUMENT", "the fd is not open for writing");
    return r2(await fop.brick.tree.truncate(file.gfid, request.offset, fop.access));
  },
};

/** The reply with the attributes before and after. */
export function r2({ prestat, poststat }: Change): FopReply<"truncate"> {
  return { opRet: 0, opErrno: 0, xdata: null, prestat, poststat };
}
