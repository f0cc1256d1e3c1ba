import type { FopRequest } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { writtenExtent } from "./changed-extent.js";
import type { FopCall } from "./fop-call.js";
import { checkWritable, fileOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { r2 } from "./truncate.js";

const target = (fop: FopCall, request: FopRequest<"discard">) => fileOf(fop, request).gfid;
const grown = (fop: FopCall, request: FopRequest<"discard">) =>
  writtenExtent(fop, target(fop, request), request.offset, request.size);

/** @throws {@link BrickError} `BRICK_ARGUMENT` for no bytes, as fallocate(2). */
function writableGfid(fop: FopCall, request: FopRequest<"discard">) {
  const file = fileOf(fop, request);
  if (request.size === 0) throw new BrickError("BRICK_ARGUMENT", "a range of no bytes");
  checkWritable(file);
  return file.gfid;
}

/** FALLOCATE: grows the file when asked; no room is set aside. */
export const fallocate: FopSpec<"fallocate"> = {
  targets: (fop, request) => [{ gfid: target(fop, request), gate: "fallocate" }],
  marks: grown,
  async handle(fop, request) {
    // Of the flags of fallocate(2) none but "keep the size" gets here: stock bricks take any for it.
    const keepsSize = request.flags !== 0;
    const { offset, size } = request;
    const gfid = writableGfid(fop, request);
    return r2(await fop.brick.tree.allocate(gfid, offset, size, keepsSize, fop.access));
  },
};

/** DISCARD: punches a hole; the size stays. */
export const discard: FopSpec<"discard"> = {
  targets: (fop, request) => [{ gfid: target(fop, request), gate: "discard" }],
  marks: (_fop, request) => ({ offset: request.offset, length: request.size }),
  async handle(fop, request) {
    const gfid = writableGfid(fop, request);
    return r2(await fop.brick.tree.discard(gfid, request.offset, request.size, fop.access));
  },
};

/** ZEROFILL: writes zeros, beyond the end as well. */
export const zerofill: FopSpec<"zerofill"> = {
  targets: (fop, request) => [{ gfid: target(fop, request), gate: "zerofill" }],
  marks: grown,
  async handle(fop, request) {
    const gfid = writableGfid(fop, request);
    return r2(await fop.brick.tree.zerofill(gfid, request.offset, request.size, fop.access));
  },
};
