import {
  type Dict,
  FileType,
  getXdata,
  type Gfid,
  type Iatt,
  LINK_FILE_PERMISSIONS,
  NULL_GFID,
  uintValue,
  XDATA,
} from "@brickshift/wire";
import { isGone } from "./fop-failure.js";
import type { BrickPort } from "./ports.js";

/** What a brick has under a gfid. */
export type InodeState =
  | { readonly type: "absent" }
  /** A link file, or a migration target, which looks the same. */
  | { readonly type: "link"; readonly linkto: string; readonly stat: Iatt }
  | { readonly type: "present"; readonly stat: Iatt };

/** Asks for the name in a link file, in LOOKUP and READDIRP. */
export const ASK_LINKTO: Dict = new Map([[XDATA.linkto, uintValue(256)]]);

/** What `stat` and the answer to {@link ASK_LINKTO} stand for. */
export function stateOf(stat: Iatt, xdata: Dict | null): InodeState {
  const linkto = getXdata(xdata, "linkto");
  const isLink =
    linkto !== undefined && stat.mode === (FileType.regular | LINK_FILE_PERMISSIONS) && linkto !== "";
  return isLink ? { type: "link", linkto, stat } : { type: "present", stat };
}

/** Whether a file takes less room than its size, in units of 512 bytes: then there are holes. */
export function isSparse({ size, blocks }: Iatt): boolean {
  return blocks * 512 < size;
}

/** Looks an inode up by its gfid; with `xdata` under a lease, as its fops are. */
export async function lookUp(
  brick: BrickPort,
  gfid: Gfid,
  timeoutMs: number,
  xdata: Dict | null = null,
): Promise<InodeState> {
  const asked = xdata === null ? ASK_LINKTO : new Map([...xdata, ...ASK_LINKTO]);
  const request = { gfid, pargfid: NULL_GFID, flags: 0, bname: "", xdata: asked };
  try {
    const reply = await brick.fops.lookup(request, { timeoutMs });
    return stateOf(reply.prestat, reply.xdata);
  } catch (error) {
    if (isGone(error)) return { type: "absent" };
    throw error;
  }
}
