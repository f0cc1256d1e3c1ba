import { type FopRequest, type Gfid, type Iatt, SetattrValid } from "@brickshift/wire";
import { permitsAttributes, settableMode } from "../access/attribute-permission.js";
import type { AttributeChange } from "../tree/tree.js";
import { cutExtent } from "./changed-extent.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { permissions } from "./new-object.js";
import { needVerdict } from "./permission.js";
import { r2 } from "./truncate.js";

/** `valid` by which distribute heals a directory: all that is usable, never the size. */
const ALL = -1;

/** SETATTR: the members of `stbuf` that `valid` names. */
export const setattr: FopSpec<"setattr"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "setattr" }],
  permit(fop, request) {
    const wanted = attributeChange(request.stbuf, request.valid);
    needVerdict(fop, request.gfid, (object) => permitsAttributes(object, fop.caller, wanted));
  },
  marks: (fop, request) => sizeMark(fop, request.gfid, request),
  async handle(fop, { gfid, stbuf, valid }) {
    const { tree } = fop.brick;
    const change = attributeChange(stbuf, valid);
    const { mode } = change;
    if (mode === undefined) return r2(await tree.setattr(gfid, change, fop.access));
    const settable = settableMode(tree.protection(gfid), fop.caller, mode);
    return r2(await tree.setattr(gfid, { ...change, mode: settable }, fop.access));
  },
};

/** FSETATTR: whoever has the file open may, as on a stock brick, whose clients check. */
export const fsetattr: FopSpec<"fsetattr"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fsetattr" }],
  marks: (fop, request) => sizeMark(fop, fileOf(fop, request).gfid, request),
  async handle(fop, request) {
    const { gfid } = fileOf(fop, request);
    const change = attributeChange(request.stbuf, request.valid);
    return r2(await fop.brick.tree.setattr(gfid, change, fop.access));
  },
};

/** What is to change. Source: measured, `valid` of chmod, chown, utimes, touch and distribute's heal. */
export function attributeChange(stbuf: Iatt, valid: number): AttributeChange {
  const has = (bit: number) => (valid & bit) !== 0;
  const time = (bit: number, nowBit: number, seconds: number, nanoseconds: number) =>
    valid !== ALL && has(nowBit) ? ("now" as const) : has(bit) ? timeNs(seconds, nanoseconds) : undefined;
  const atimeNs = time(SetattrValid.atime, SetattrValid.atimeNow, stbuf.atime, stbuf.atimeNsec);
  const mtimeNs = time(SetattrValid.mtime, SetattrValid.mtimeNow, stbuf.mtime, stbuf.mtimeNsec);
  return {
    ...(has(SetattrValid.mode) && { mode: permissions(stbuf.mode) }),
    ...(has(SetattrValid.uid) && { uid: stbuf.uid }),
    ...(has(SetattrValid.gid) && { gid: stbuf.gid }),
    ...(setsSize(valid) && { size: stbuf.size }),
    ...(atimeNs !== undefined && { atimeNs }),
    ...(mtimeNs !== undefined && { mtimeNs }),
    ...(has(SetattrValid.ctime) && valid !== ALL && { ctimeNs: timeNs(stbuf.ctime, stbuf.ctimeNsec) }),
  };
}

/** Nanoseconds since 1970. */
export function timeNs(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

function setsSize(valid: number): boolean {
  return valid !== ALL && (valid & SetattrValid.size) !== 0;
}

function sizeMark(fop: FopCall, gfid: Gfid, request: Pick<FopRequest<"setattr">, "stbuf" | "valid">) {
  return setsSize(request.valid) ? cutExtent(fop, gfid, request.stbuf.size) : undefined;
}
