import { gateOfOpen } from "@brickshift/lease-manager";
import { FileType, type FopReply, type FopRequest, type Gfid, OpenFlags } from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import { linked, writesWith } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { findNamed, need } from "./permission.js";
import { checkParentLayout, newObject } from "./new-object.js";
import { openFile, truncationMark } from "./open.js";

/**
 * CREATE: makes a regular file and opens it, or opens the one that is there unless O_EXCL asks for a new one.
 * The name is the fop's alone while it runs, so that what it found at the gate is what it opens.
 */
export const create: FopSpec<"create"> = {
  names: (request) => [{ parent: request.pargfid, name: request.bname }],
  targets(fop, request) {
    fop.isNonblocking = (request.flags & OpenFlags.nonblock) !== 0;
    const existing = find(fop, request);
    if (existing !== undefined) return [{ gfid: existing, gate: gateOfOpen(request.flags) }];
    return [{ gfid: linked(fop, request.pargfid), gate: "create" }];
  },
  permit: (fop, request) => need(fop, request.pargfid, Want.write | Want.execute),
  marks: (_fop, request, targets) =>
    existingOf(targets) === undefined ? undefined : truncationMark(request.flags),
  handle(fop, request, targets) {
    const existing = existingOf(targets);
    return existing === undefined ? make(fop, request) : reopen(fop, request, existing);
  },
};

/** What was found at the gate; looking again would find the same, as the name is the fop's alone. */
function existingOf([target]: readonly FopTarget[]): Gfid | undefined {
  return target?.gate === "create" ? undefined : target?.gfid;
}

/** The object of that name. @throws {@link TreeError} `TREE_EXISTS` when the client wants a new one. */
function find(fop: FopCall, { pargfid, bname, flags }: FopRequest<"create">): Gfid | undefined {
  const found = findNamed(fop, pargfid, bname);
  if (found === undefined || (flags & OpenFlags.excl) === 0) return found;
  throw new TreeError("TREE_EXISTS", "the name is taken");
}

async function make(fop: FopCall, request: FopRequest<"create">): Promise<FopReply<"create">> {
  const { brick, owner } = fop;
  const { pargfid, bname } = request;
  // Source: measured; a new file is opened for both when nothing is said.
  const flags = request.flags === 0 ? OpenFlags.rdwr : request.flags;
  checkParentLayout(fop, pargfid);
  owner.fds.checkRoom();
  const object = newObject(fop, FileType.regular, request);
  const created = await brick.tree.create(pargfid, bname, object);
  const { gfid } = object;
  const fd = brick.openFd(owner, { gfid, kind: "file", flags, leaseId: fop.leaseId }, writesWith(flags));
  return reply(fop, fd.number, created);
}

async function reopen(fop: FopCall, request: FopRequest<"create">, gfid: Gfid): Promise<FopReply<"create">> {
  const { tree } = fop.brick;
  const fd = await openFile(fop, gfid, request.flags);
  const parent = tree.stat(request.pargfid);
  return reply(fop, fd, { stat: tree.stat(gfid), preparent: parent, postparent: parent });
}

/** Source: measured; the extra data of the request comes back, which clients take for one more assurance. */
function reply(
  fop: FopCall,
  fd: bigint,
  attributes: Pick<FopReply<"create">, "stat" | "preparent" | "postparent">,
): FopReply<"create"> {
  const { stat, preparent, postparent } = attributes;
  return { opRet: 0, opErrno: 0, xdata: fop.xdata, stat, fd, preparent, postparent };
}
