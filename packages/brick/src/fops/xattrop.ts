import {
  bytesValue,
  type Dict,
  dictBytes,
  type FopReply,
  type Gfid,
  NO_IATT,
  XattropOp,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { XattropOperation } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** XATTROP: combines arrays with stored ones; the results are in `dict`. */
export const xattrop: FopSpec<"xattrop"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "xattrop" }],
  handle: (fop, request) => combine(fop, request.gfid, request.flags, request.dict),
};

/** FXATTROP. */
export const fxattrop: FopSpec<"fxattrop"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fxattrop" }],
  handle: (fop, request) => combine(fop, fileOf(fop, request).gfid, request.flags, request.dict),
};

const operations: ReadonlyMap<number, XattropOperation> = new Map([
  [XattropOp.addArray32, "add-32"],
  [XattropOp.addArray64, "add-64"],
  [XattropOp.or, "or"],
  [XattropOp.and, "and"],
  [XattropOp.getAndSet, "get-and-set"],
  [XattropOp.addArray32WithDefault, "add-32-with-default"],
  [XattropOp.addArray64WithDefault, "add-64-with-default"],
]);

async function combine(
  fop: FopCall,
  gfid: Gfid,
  flags: number,
  dict: Dict | null,
): Promise<FopReply<"xattrop">> {
  const operation = operations.get(flags);
  if (operation === undefined) throw new BrickError("BRICK_ARGUMENT", `there is no xattrop ${flags}`);
  const arrays = new Map<string, Uint8Array>();
  for (const key of dict?.keys() ?? []) {
    const value = dictBytes(dict, key);
    if (value === undefined) throw new BrickError("BRICK_ARGUMENT", `"${key}" is no array`);
    arrays.set(key, value);
  }
  const { values } = await fop.brick.tree.xattrop(gfid, operation, arrays, fop.access);
  const results = new Map([...values].map(([key, value]) => [key, bytesValue(value)] as const));
  return { opRet: 0, opErrno: 0, xdata: null, dict: results, prestat: NO_IATT, poststat: NO_IATT };
}
