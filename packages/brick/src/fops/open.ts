import { gateOfOpen } from "@brickshift/lease-manager";
import { FileType, type Gfid, OpenFlags } from "@brickshift/wire";
import { wantedByOpen } from "../access/open-permission.js";
import { Want } from "../access/permission.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import { linked, writesWith } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { need } from "./permission.js";

/** OPEN of a regular file; O_TRUNC empties it first. */
export const open: FopSpec<"open"> = {
  targets(fop, request) {
    fop.isNonblocking = (request.flags & OpenFlags.nonblock) !== 0;
    return [{ gfid: linked(fop, request.gfid), gate: gateOfOpen(request.flags) }];
  },
  permit: (fop, request) => need(fop, request.gfid, wantedByOpen(request.flags)),
  marks: (_fop, request) => truncationMark(request.flags),
  async handle(fop, request) {
    const fd = await openFile(fop, request.gfid, request.flags);
    return { opRet: 0, opErrno: 0, xdata: null, fd };
  },
};

/** OPENDIR. */
export const opendir: FopSpec<"opendir"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "opendir" }],
  permit: (fop, request) => need(fop, request.gfid, Want.read),
  handle(fop, request) {
    const { gfid } = request;
    if (fop.brick.tree.type(gfid) !== FileType.directory) {
      throw new TreeError("TREE_NOT_DIRECTORY", "OPENDIR is for directories");
    }
    const fd = fop.brick.openFd(
      fop.owner,
      { gfid, kind: "directory", flags: 0, leaseId: fop.leaseId },
      false,
    );
    return { opRet: 0, opErrno: 0, xdata: null, fd: fd.number };
  },
};

/** What an open with these flags may change. */
export function truncationMark(flags: number) {
  return (flags & OpenFlags.trunc) === 0 ? undefined : { offset: 0, length: Infinity };
}

/**
 * Opens a regular file for the caller.
 * @throws `TreeError` `TREE_MOVED` for a link file, `TREE_IS_DIRECTORY`, `TREE_IS_SYMLINK`, `TREE_IS_SOCKET`,
 *   `TREE_INVALID` for a device; `BrickError` `BRICK_FD_LIMIT`.
 */
export async function openFile(fop: FopCall, gfid: Gfid, flags: number): Promise<bigint> {
  const { brick, access } = fop;
  checkOpenable(fop, gfid);
  const writes = writesWith(flags);
  const opened = brick.openFd(fop.owner, { gfid, kind: "file", flags, leaseId: fop.leaseId }, writes);
  if ((flags & OpenFlags.trunc) === 0) return opened.number;
  try {
    await brick.tree.truncate(gfid, 0, access);
    return opened.number;
  } catch (error) {
    if (!fop.owner.isGone) brick.closeFd(fop.owner, opened.number);
    throw error;
  }
}

function checkOpenable(fop: FopCall, gfid: Gfid): void {
  const { tree } = fop.brick;
  const type = tree.type(gfid);
  if (type === FileType.directory) throw new TreeError("TREE_IS_DIRECTORY", "OPEN is for files");
  if (type === FileType.symlink) throw new TreeError("TREE_IS_SYMLINK", "a symbolic link is not opened");
  // Source: measured. A FIFO is opened: what it carries, kernels keep to themselves.
  if (type === FileType.character || type === FileType.block)
    throw new TreeError("TREE_INVALID", "a device is not opened here");
  if (type === FileType.socket) throw new TreeError("TREE_IS_SOCKET", "a socket is not opened");
  const linkto = tree.linkto(gfid);
  if (linkto === undefined || fop.access.internal === true || fop.access.token !== undefined) return;
  throw new TreeError("TREE_MOVED", `the data is on ${linkto}`, linkto);
}
