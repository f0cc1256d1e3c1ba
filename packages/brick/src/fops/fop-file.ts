import { ANONYMOUS_FD, FileType, type Gfid, invariant, OpenFlags } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { OpenFd } from "../server/fd-table.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import type { FopTarget } from "./fop-spec.js";

/** The object of a fop that names an fd. */
export interface FopFile {
  readonly gfid: Gfid;
  /** The fd; `undefined` for the anonymous one, which stands for the object itself, open for all. */
  readonly fd: OpenFd | undefined;
  /** Whether it is open for writing. */
  readonly writes: boolean;
}

/**
 * The object behind `fd`, or behind `gfid` when it is the anonymous fd.
 * @throws {@link BrickError} `BRICK_FD_UNKNOWN`, also for a device, a socket or a link; {@link TreeError} `TREE_NO_ENTRY` for an anonymous fd on an
 *   object that is not there, as stock bricks answer, `TREE_STALE` never.
 */
export function fileOf(fop: FopCall, request: { readonly gfid: Gfid; readonly fd: bigint }): FopFile {
  const gfid = objectOf(fop, request);
  if (request.fd === ANONYMOUS_FD) return anonymousFile(fop, gfid);
  const fd = fop.owner.fds.get(request.fd);
  return { gfid, fd, writes: fd.writes };
}

/** As {@link fileOf}, for fops that need nothing open: by the anonymous fd it may be of any kind. */
export function objectOf(fop: FopCall, request: { readonly gfid: Gfid; readonly fd: bigint }): Gfid {
  if (request.fd === ANONYMOUS_FD) {
    const { tree, gate } = fop.brick;
    // An object without a name is there as long as anybody has it open.
    if (tree.isLinked(request.gfid) || gate.inodes.openCount(request.gfid) > 0) return request.gfid;
    throw new TreeError("TREE_NO_ENTRY", "no such object for an anonymous fd");
  }
  const fd = fop.owner.fds.get(request.fd);
  fop.isNonblocking = (fd.flags & OpenFlags.nonblock) !== 0;
  return fd.gfid;
}

/**
 * As {@link fileOf}, for a handler: the object was found at the gate, and is not looked up again.
 * @throws {@link BrickError} `BRICK_FD_UNKNOWN` when the fd was closed while the fop waited.
 */
export function admittedFile(
  fop: FopCall,
  { fd }: { readonly fd: bigint },
  [target]: readonly FopTarget[],
): FopFile {
  invariant(target !== undefined, "a fop on an fd has its object as target");
  if (fd === ANONYMOUS_FD) return anonymousFile(fop, target.gfid);
  const open = fop.owner.fds.get(fd);
  return { gfid: target.gfid, fd: open, writes: open.writes };
}

/**
 * Source: measured, a brick opens what the anonymous fd stands for: a directory for reading, a file for all, others
 * not at all.
 * @throws {@link BrickError} `BRICK_FD_UNKNOWN` for what is neither.
 */
function anonymousFile({ brick }: FopCall, gfid: Gfid): FopFile {
  const type = brick.tree.type(gfid);
  const isDirectory = type === FileType.directory;
  if (!isDirectory && type !== FileType.regular) {
    throw new BrickError("BRICK_FD_UNKNOWN", "the anonymous fd is for files and directories");
  }
  return { gfid, fd: undefined, writes: !isDirectory };
}

/** The object, which must have a name. @throws {@link TreeError} `TREE_STALE`. */
export function linked(fop: FopCall, gfid: Gfid): Gfid {
  if (fop.brick.tree.isLinked(gfid)) return gfid;
  throw new TreeError("TREE_STALE", "no such object");
}

/** @throws {@link BrickError} `BRICK_FD_MODE` when the fd is not for reading. */
export function checkReadable({ fd }: FopFile): void {
  const access = (fd?.flags ?? OpenFlags.rdwr) & OpenFlags.accessMask;
  if (access === OpenFlags.rdonly || access === OpenFlags.rdwr) return;
  throw new BrickError("BRICK_FD_MODE", "the fd is not open for reading");
}

/** @throws {@link BrickError} `BRICK_FD_MODE` when it is open for reading only. */
export function checkWritable({ writes }: FopFile): void {
  if (writes) return;
  throw new BrickError("BRICK_FD_MODE", "the fd is not open for writing");
}

/** Whether open flags ask for writing. Source: measured; with both bits of the access mode an fd is for neither. */
export function writesWith(flags: number): boolean {
  const access = flags & OpenFlags.accessMask;
  return access === OpenFlags.wronly || access === OpenFlags.rdwr;
}
