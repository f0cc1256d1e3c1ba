import { FileType, getXdata, type Gfid, LINK_FILE_PERMISSIONS } from "@brickshift/wire";
import type { NewObject } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { newObject, permissions } from "./new-object.js";

/** Whether a new object of `mode` is a link file, by which DHT says that the file is on another brick. */
export function isLinkFile(mode: number): boolean {
  const type = mode & FileType.mask;
  return permissions(mode) === LINK_FILE_PERMISSIONS && (type === 0 || type === FileType.regular);
}

/**
 * Name of the brick that a new migration target is filled from; `undefined` when none is asked for. A link file with a fence
 * and its source in xdata is one.
 */
export function linktoOfTarget({ access, xdata }: FopCall, mode: number): string | undefined {
  return isLinkFile(mode) && access.token !== undefined ? getXdata(xdata, "linkto") : undefined;
}

/** What a target is made with. It gets its attributes when it is published: nothing is inherited. */
export function targetObject(fop: FopCall, pargfid: Gfid, mode: number): NewObject {
  const { xattrs: _xattrs, ...object } = newObject(fop, FileType.regular, { pargfid, mode, umask: 0 });
  return { ...object, mode: permissions(mode) };
}
