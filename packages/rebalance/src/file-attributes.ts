import {
  bytesValue,
  type Dict,
  dictBytes,
  type DictValue,
  getXdata,
  type Gfid,
  type Iatt,
  type ParentLink,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import type { GrantedLease } from "./brick-leases.js";
import { isGone, toPortError } from "./fop-failure.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone } from "./source-errors.js";

/** What a file is besides its data. */
export interface FileAttributes {
  readonly xattrs: ReadonlyMap<string, DictValue>;
  readonly links: readonly ParentLink[];
}

/** Xattrs that belong to a brick, not to the file: each brick has its own. */
const brickXattrs = /^(trusted\.gfid|trusted\.glusterfs\.(dht|volume-id|pathinfo)\b.*|brickshift\..*)$/;

/** What a brick told with an exclusive lease; `undefined` when it did not. */
export function toldAttributes({ xattrs, links }: GrantedLease): FileAttributes | undefined {
  if (xattrs === undefined || links === undefined) return undefined;
  const isOfFile = ([key]: readonly [string, Uint8Array]) => !brickXattrs.test(key);
  const kept = [...xattrs].filter(isOfFile).map(([key, value]) => [key, bytesValue(value)] as const);
  return { xattrs: new Map(kept), links };
}

/** Reads xattrs and names of an inode, both by one fop; under `lease` if there is one. Rejects as a port of a copy, or with `SourceGone`. */
export async function readAttributes(
  brick: BrickPort,
  gfid: Gfid,
  timeoutMs: number,
  lease?: GrantedLease,
): Promise<FileAttributes> {
  const held = lease === undefined ? {} : { leaseId: lease.leaseId, leaseEpoch: lease.epoch };
  const request = { gfid, namelen: 0, name: "", xdata: xdataOf({ ...held, links: [] }) };
  try {
    const { dict, xdata } = await brick.fops.getxattr(request, { timeoutMs });
    const links = getXdata(xdata, "links");
    if (links === undefined) {
      throw new RebalanceError(
        "REBALANCE_SOURCE_FAILED",
        `${brick.brick} does not tell the names of ${gfid}; run a newer brick`,
      );
    }
    return { xattrs: fileXattrs(dict), links };
  } catch (error) {
    throw isGone(error) ? new SourceGone({ cause: error }) : toPortError(error);
  }
}

/** All xattrs of an inode that go along with it, as raw bytes. */
export async function readXattrs(
  brick: BrickPort,
  gfid: Gfid,
  timeoutMs: number,
  xdata: Dict | null = null,
): Promise<ReadonlyMap<string, DictValue>> {
  const { dict } = await brick.fops.getxattr({ gfid, namelen: 0, name: "", xdata }, { timeoutMs });
  return fileXattrs(dict);
}

function fileXattrs(dict: Dict | null): ReadonlyMap<string, DictValue> {
  const xattrs = new Map<string, DictValue>();
  for (const key of dict?.keys() ?? []) {
    const value = brickXattrs.test(key) ? undefined : dictBytes(dict, key);
    if (value !== undefined) xattrs.set(key, bytesValue(value));
  }
  return xattrs;
}

/** All names of an inode. */
export async function readLinks(
  brick: BrickPort,
  gfid: Gfid,
  timeoutMs: number,
  xdata: Dict | null = null,
): Promise<readonly ParentLink[]> {
  const name = XDATA.links;
  const { dict } = await brick.fops.getxattr({ gfid, namelen: name.length, name, xdata }, { timeoutMs });
  return getXdata(dict, "links") ?? [];
}

/** The dictionary of the step `prepare`. */
export function preparedDict(stat: Iatt, xattrs: ReadonlyMap<string, DictValue>): Dict {
  return xdataOf({ attributes: stat }, new Map(xattrs));
}
