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
import type { Change } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { needVerdict } from "./permission.js";
import { migrate } from "./migration-step.js";

const xattrNames = /^((trusted|user|security)\.|system\.posix_acl_(access|default)$)/;
const bareNamespace = /^(trusted|user|security)\.$/;
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
  handle: async (fop, request) =>
    withAttributes(await fop.brick.tree.removeXattr(request.gfid, request.name, fop.access)),
};

/** FREMOVEXATTR. */
export const fremovexattr: FopSpec<"fremovexattr"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fremovexattr" }],
  handle: async (fop, request) =>
    withAttributes(await fop.brick.tree.removeXattr(fileOf(fop, request).gfid, request.name, fop.access)),
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
  const xattrs = storable(dict);
  if (xattrs.size === 0) {
    const stat = fop.brick.tree.stat(gfid);
    return withAttributes({ prestat: stat, poststat: stat });
  }
  return withAttributes(await fop.brick.tree.setXattrs(gfid, xattrs, modeOf(flags), fop.access));
}

/**
 * @throws {@link BrickError} `BRICK_UNSUPPORTED` for a name of no namespace, `BRICK_ARGUMENT` for a namespace
 *   without a name, as Linux does.
 */
function storable(dict: Dict | null): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const key of dict?.keys() ?? []) {
    if (controls.has(key)) continue;
    if (bareNamespace.test(key)) throw new BrickError("BRICK_ARGUMENT", `"${key}" names no xattr`);
    const value = xattrNames.test(key) ? dictBytes(dict, key) : undefined;
    if (value === undefined) throw new BrickError("BRICK_UNSUPPORTED", `"${key}" is no xattr`);
    xattrs.set(key, value);
  }
  return xattrs;
}

function modeOf(flags: number): "set" | "create" | "replace" {
  switch (flags) {
    case XattrFlags.any:
      return "set";
    case XattrFlags.create:
      return "create";
    case XattrFlags.replace:
      return "replace";
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
