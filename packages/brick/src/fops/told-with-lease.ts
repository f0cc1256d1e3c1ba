import { CONTENT_KEY, type Dict, type DictValue, type Gfid, XDATA, xdataOf } from "@brickshift/wire";
import { permitsGetXattr } from "../access/attribute-permission.js";
import type { LeaseAsk } from "../gate/lease-ask.js";
import type { FopCall } from "./fop-call.js";
import { withContent } from "./asked-keys.js";
import { linksValue } from "./get-xattr.js";

/** Most that names and xattrs take together in the answer to a LEASE, in bytes. */
const TOLD_BYTES_MAX = 16_384;

/**
 * What the answer to an exclusive lease of scope `data` tells of its inode besides, when `asked` has the keys of it: its names, its
 * xattrs. To be called at the grant: nobody runs on the inode any more who could change them, and they hold as long as the lease.
 *
 * `null` when it is too much, or when GETXATTR would be refused or fail: then it is for GETXATTR to say.
 */
export function toldWithLease(
  fop: FopCall,
  gfid: Gfid,
  { type, scope }: Pick<LeaseAsk, "type" | "scope">,
  asked: Dict | null,
): Dict | null {
  // Beside a shared lease its other holders may change them.
  if (asked === null || type !== "read-write" || scope !== "data") return null;
  if (!asked.has(XDATA.links) && !asked.has(XDATA.xattrs)) return null;
  try {
    if (!maySee(fop, gfid)) return null;
    const told = valuesOf(fop, gfid, asked);
    return bytesOf(told) > TOLD_BYTES_MAX ? null : told;
  } catch {
    // The lease is granted, whatever the store says: its holder has to hear of it.
    return null;
  }
}

/**
 * As {@link toldWithLease}, and the content and attributes of a small file when `asked` has the key of that. It is read after the grant;
 * whoever finds by a later fop that the lease is held still knows that nobody wrote meanwhile.
 */
export function toldWithContent(
  fop: FopCall,
  gfid: Gfid,
  ask: Pick<LeaseAsk, "type" | "scope">,
  asked: Dict | null,
): Dict | null | Promise<Dict | null> {
  const told = toldWithLease(fop, gfid, ask, asked);
  // What is too much to be told, or not for the caller to see, is asked for by fops of its own.
  return told === null || asked?.has(CONTENT_KEY) !== true ? told : addContent(fop, gfid, asked, told);
}

async function addContent(fop: FopCall, gfid: Gfid, asked: Dict, told: Dict): Promise<Dict> {
  try {
    const attributes = fop.brick.tree.stat(gfid);
    const known = await withContent(fop.brick, asked, attributes, new Map(told));
    return known.has(CONTENT_KEY) ? xdataOf({ attributes }, known) : told;
  } catch {
    // As for names and xattrs: a READ says what is wrong.
    return told;
  }
}

function maySee({ brick: { tree }, caller }: FopCall, gfid: Gfid): boolean {
  return tree.isLinked(gfid) && permitsGetXattr(tree.protection(gfid), caller, "") === "granted";
}

function valuesOf({ brick }: FopCall, gfid: Gfid, asked: Dict): Dict {
  const told = new Map<string, DictValue>();
  if (asked.has(XDATA.links)) told.set(XDATA.links, linksValue(brick, gfid));
  return asked.has(XDATA.xattrs) ? xdataOf({ xattrs: brick.tree.listXattrs(gfid) }, told) : told;
}

function bytesOf(dict: Dict): number {
  let bytes = 0;
  for (const { value } of dict.values()) if (value instanceof Uint8Array) bytes += value.length;
  return bytes;
}
