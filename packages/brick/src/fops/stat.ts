import type { FopReply, Gfid } from "@brickshift/wire";
import { answerKeys } from "./asked-keys.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** STAT. */
export const stat: FopSpec<"stat"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "stat" }],
  handle: (fop, request) => attributes(fop, linked(fop, request.gfid)),
};

/** FSTAT, also of an unlinked file that is open. */
export const fstat: FopSpec<"fstat"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fstat" }],
  handle: (fop, request) => attributes(fop, fileOf(fop, request).gfid),
};

function attributes(fop: FopCall, gfid: Gfid): FopReply<"stat"> {
  const stat = fop.brick.tree.stat(gfid);
  return { opRet: 0, opErrno: 0, xdata: answerKeys(fop.brick, fop.xdata, stat), stat };
}
