import {
  type Dict,
  dictBytes,
  type FopReply,
  type Gfid,
  getXdata,
  iattValue,
  XattrFlags,
} from "@brickshift/wire";
import { permitsRemoveXattr, permitsSetXattr } from "../access/attribute-permission.js";
import { BrickError } from "../brick-error.js";
import type { Change, XattrMode } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { needVerdict } from "./permission.js";
import { migrate } from "./migration-step.js";
import { checkXattrName } from "./xattr-name.js";

/** Keys of SETXATTR that ask for something else than an xattr, or say who asks; none is stored. */
const controls: ReadonlySet<string> = new Set(["glusterfs-internal-fop", "set-ctime-mdata"]);

/** SETXATTR of one or several xattrs, all or none; or a step of a migration. */
export const setxattr: FopSpec<"setxattr"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "setxattr" }],
  permit(fop, { gfid, dict }) {
    for (const name of dict?.keys() ?? [])
      needVerdict(fop, gfid, (object) => permitsSetXattr(object, fop.caller, name));
  },
  handle: (fop, request) => setXattrs(fop, request.gfid, request.dict, request.flags),
};

/** FSETXATTR. */
export const fsetxattr: FopSpec<"fsetxattr"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fsetxattr" }],
  handle: (fop, request) => setXattrs(fop, fileOf(fop, request).gfid, request.dict, request.flags),
};

/** REMOVEXATTR. */
export const removexattr: FopSpec<"removexattr"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "removexattr" }],
  permit: (fop, { gfid, name }) =>
    needVerdict(fop, gfid, (object) => permitsRemoveXattr(object, fop.caller, name)),
  handle: (fop, request) => removeXattr(fop, request.gfid, request.name),
};

/** FREMOVEXATTR. */
export const fremovexattr: FopSpec<"fremovexattr"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fremovexattr" }],
  handle: (fop, request) => removeXattr(fop, fileOf(fop, request).gfid, request.name),
};

async function setXattrs(
  fop: FopCall,
  gfid: Gfid,
  dict: Dict | null,
  flags: number,
): Promise<FopReply<"setxattr">> {
  const step = getXdata(dict, "migration");
  if (step !== undefined) {
    await migrate(fop, gfid, step, dict);
    return { opRet: 0, opErrno: 0, xdata: null };
  }
  const names = [...(dict?.keys() ?? [])].filter((key) => !controls.has(key));
  if (names.length === 0) {
    const stat = fop.brick.tree.stat(gfid);
    return withAttributes({ prestat: stat, poststat: stat });
  }
  const mode = modeOf(flags);
  const xattrs = storable(dict, names);
  return withAttributes(await fop.brick.tree.setXattrs(gfid, xattrs, mode, fop.access));
}

async function removeXattr(fop: FopCall, gfid: Gfid, name: string): Promise<FopReply<"setxattr">> {
  checkXattrName(name);
  return withAttributes(await fop.brick.tree.removeXattr(gfid, name, fop.access));
}

/** @throws as {@link checkXattrName}; {@link BrickError} `BRICK_UNSUPPORTED` for a value that is no bytes. */
function storable(dict: Dict | null, names: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const name of names) {
    checkXattrName(name);
    const value = dictBytes(dict, name);
    if (value === undefined) throw new BrickError("BRICK_UNSUPPORTED", `"${name}" is no xattr`);
    xattrs.set(name, value);
  }
  return xattrs;
}

function modeOf(flags: number): XattrMode {
  switch (flags) {
    case XattrFlags.any:
      return "set";
    case XattrFlags.create:
      return "create";
    case XattrFlags.replace:
      return "replace";
    case XattrFlags.create | XattrFlags.replace:
      return "create-and-replace";
    default:
      throw new BrickError("BRICK_ARGUMENT", `there are no xattr flags ${flags}`);
  }
}

/** Source: measured, 10.3 sends these three with every change of xattrs, asked or not. */
function withAttributes({ prestat, poststat }: Change): FopReply<"setxattr"> {
  const xdata = new Map([
    ["virt-gf-prestat", iattValue(prestat)],
    ["virt-gf-poststat", iattValue(poststat)],
    ["dht-get-iatt-in-xattr", iattValue(poststat)],
  ]);
  return { opRet: 0, opErrno: 0, xdata };
}
