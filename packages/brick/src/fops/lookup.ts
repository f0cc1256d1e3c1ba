import { type FopReply, type Iatt, NO_IATT, ROOT_GFID } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { TreeError } from "../tree/tree-error.js";
import { answerKeysAndContent } from "./asked-keys.js";
import type { FopCall } from "./fop-call.js";
import type { FopSpec } from "./fop-spec.js";
import { need } from "./permission.js";

/**
 * LOOKUP by name, or by gfid when the name is empty. With a name the gfid of the request counts for nothing.
 * Source: measured (`fop-lookup`): the parent's attributes come with named lookups only.
 */
export const lookup: FopSpec<"lookup"> = {
  targets: (fop, request) => [{ gfid: find(fop, request).stat.gfid, gate: "lookup" }],
  handle(fop, request) {
    const { stat, parent } = find(fop, request);
    const answers = answerKeysAndContent(fop.brick, request.xdata, stat);
    return answers instanceof Promise
      ? answers.then((xdata) => found(stat, parent, xdata))
      : found(stat, parent, answers);
  },
};

function found(prestat: Iatt, poststat: Iatt, xdata: FopReply<"lookup">["xdata"]): FopReply<"lookup"> {
  return { opRet: 0, opErrno: 0, xdata, prestat, poststat };
}

function find(fop: FopCall, request: { gfid: Iatt["gfid"]; pargfid: Iatt["gfid"]; bname: string }) {
  const { tree } = fop.brick;
  if (request.bname !== "") {
    // Before the name is looked for: who may not search the directory does not learn what is in it.
    if (fop.caller.uid !== 0) need(fop, request.pargfid, Want.execute);
    return tree.lookup(request.pargfid, request.bname);
  }
  if (request.gfid !== ROOT_GFID && !tree.isLinked(request.gfid)) {
    throw new TreeError("TREE_NO_ENTRY", "no such object");
  }
  return { stat: tree.stat(request.gfid), parent: NO_IATT };
}
