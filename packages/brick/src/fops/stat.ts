import type { Dict, FopReply, Gfid, Iatt } from "@brickshift/wire";
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

function attributes(fop: FopCall, gfid: Gfid): FopReply<"stat"> | Promise<FopReply<"stat">> {
  const iatt = fop.brick.tree.stat(gfid);
  const answers = answerKeys(fop.brick, fop.xdata, iatt);
  return answers instanceof Promise ? answers.then((xdata) => r1(iatt, xdata)) : r1(iatt, answers);
}

function r1(iatt: Iatt, xdata: Dict | null): FopReply<"stat"> {
  return { opRet: 0, opErrno: 0, xdata, stat: iatt };
}
