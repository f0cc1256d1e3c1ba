import type { Dict, FopReply, Iatt } from "@brickshift/wire";
import { answerKeys, answerKeysAndContent } from "./asked-keys.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** STAT. */
export const stat: FopSpec<"stat"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "stat" }],
  async handle(fop, request) {
    const attributes = fop.brick.tree.stat(linked(fop, request.gfid));
    return r1(attributes, await answerKeysAndContent(fop.brick, fop.xdata, attributes));
  },
};

/** FSTAT, also of an unlinked file that is open. Source: measured; it never sends content along. */
export const fstat: FopSpec<"fstat"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fstat" }],
  handle(fop, request) {
    const attributes = fop.brick.tree.stat(fileOf(fop, request).gfid);
    return r1(attributes, answerKeys(fop.brick, fop.xdata, attributes));
  },
};

function r1(stat: Iatt, xdata: Dict | null): FopReply<"stat"> {
  return { opRet: 0, opErrno: 0, xdata, stat };
}
