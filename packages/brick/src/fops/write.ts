import { type Dict, OpenFlags, uintValue } from "@brickshift/wire";
import type { Written } from "../tree/tree.js";
import { answerKeys } from "./asked-keys.js";
import { appendedExtent, writtenExtent } from "./changed-extent.js";
import type { FopCall } from "./fop-call.js";
import { admittedFile, checkWritable, fileOf, type FopFile } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** WRITE: the payload goes to the store as it came. An fd opened with O_APPEND appends whatever the offset. */
export const write: FopSpec<"write"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "write" }],
  marks(fop, request, targets) {
    const file = admittedFile(fop, request, targets);
    if (appends(file)) return appendedExtent(fop, file.gfid);
    return writtenExtent(fop, file.gfid, request.offset, request.payload.length);
  },
  async handle(fop, request, targets) {
    const { tree } = fop.brick;
    const file = admittedFile(fop, request, targets);
    checkWritable(file);
    const offset = appends(file) ? "append" : request.offset;
    let written = await tree.write(file.gfid, offset, request.payload, fop.access);
    if (isSynchronous(file, request.flag)) {
      const { poststat } = await tree.fsync(file.gfid, false, fop.access);
      written = { ...written, poststat };
    }
    const { prestat, poststat } = written;
    const xdata = answers(fop, file, written);
    return { opRet: request.payload.length, opErrno: 0, xdata, prestat, poststat };
  },
};

function appends({ fd }: FopFile): boolean {
  return fd !== undefined && (fd.flags & OpenFlags.append) !== 0;
}

function isSynchronous({ fd }: FopFile, flag: number): boolean {
  return ((fd?.flags ?? flag) & OpenFlags.sync) !== 0;
}

function answers(fop: FopCall, file: FopFile, written: Written): Dict | null {
  if (fop.xdata === null || fop.xdata.size === 0) return null;
  const known = answerKeys(fop.brick, fop.xdata, written.poststat);
  if (!fop.xdata.has("glusterfs.write-is-append")) return known;
  const isAppend = appends(file) || written.offset === written.prestat.size;
  return new Map(known).set("glusterfs.write-is-append", uintValue(isAppend ? 1 : 0));
}
