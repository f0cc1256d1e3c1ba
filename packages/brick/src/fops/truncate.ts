import type { FopReply, Gfid } from "@brickshift/wire";
import type { Change } from "../tree/tree.js";
import { checkWritable, fileOf, linked } from "./fop-file.js";
import type { FopCall } from "./fop-call.js";
import type { FopSpec } from "./fop-spec.js";

/** TRUNCATE: cuts or grows the file to `offset` bytes. */
export const truncate: FopSpec<"truncate"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "truncate" }],
  marks: (fop, request) => cutExtent(fop, request.gfid, request.offset),
  handle: async (fop, request) => r2(await fop.brick.tree.truncate(request.gfid, request.offset, fop.access)),
};

/** FTRUNCATE. */
export const ftruncate: FopSpec<"ftruncate"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "ftruncate" }],
  marks: (fop, request) => cutExtent(fop, fileOf(fop, request).gfid, request.offset),
  async handle(fop, request) {
    const file = fileOf(fop, request);
    checkWritable(file);
    return r2(await fop.brick.tree.truncate(file.gfid, request.offset, fop.access));
  },
};

/** The bytes that a change of the size to `sizeBytes` may change: all from the smaller of both sizes on. */
export function cutExtent(fop: FopCall, gfid: Gfid, sizeBytes: number) {
  return { offset: Math.min(fop.brick.tree.stat(gfid).size, sizeBytes), length: Infinity };
}

/** The reply with the attributes before and after. */
export function r2({ prestat, poststat }: Change): FopReply<"truncate"> {
  return { opRet: 0, opErrno: 0, xdata: null, prestat, poststat };
}
