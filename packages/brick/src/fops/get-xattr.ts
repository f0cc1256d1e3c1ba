import {
  bytesValue,
  type Dict,
  type DictValue,
  encodeLinks,
  encodeTargets,
  type Epoch,
  type FopReply,
  type FopRequest,
  getXdata,
  type Gfid,
  gfidToBytes,
  type HeldTarget,
  NO_IATT,
  NULL_GFID,
  parseGfid,
  ROOT_GFID,
  textValue,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { permitsGetXattr } from "../access/attribute-permission.js";
import { BrickError } from "../brick-error.js";
import type { MigrationTarget } from "../tree/tree.js";
import { TreeError } from "../tree/tree-error.js";
import { fileOf, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { needVerdict } from "./permission.js";
import { checkXattrName } from "./xattr-name.js";

/** Targets told of in one answer. */
const TARGETS_PAGE_MAX = 1_024;

type XattrRequest = Pick<FopRequest<"getxattr">, "name" | "xdata">;

/** GETXATTR of one name, or of all when the name is empty. */
export const getxattr: FopSpec<"getxattr"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "getxattr" }],
  permit: (fop, { gfid, name }) =>
    needVerdict(fop, gfid, (object) => permitsGetXattr(object, fop.caller, name)),
  handle: (fop, request) => xattrs(fop.brick, request.gfid, request),
};

/** FGETXATTR. */
export const fgetxattr: FopSpec<"fgetxattr"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fgetxattr" }],
  handle: (fop, request) => xattrs(fop.brick, fileOf(fop, request).gfid, request),
};

/**
 * The answer is in `dict`; `opRet` is the size of the one value asked for, or the number of all. Who asks for all may ask for
 * the names of the object in the same call, by their key in xdata.
 */
function xattrs(brick: Brick, gfid: Gfid, { name, xdata }: XattrRequest): FopReply<"getxattr"> {
  if (name === "") {
    const all = new Map<string, DictValue>();
    for (const [key, value] of brick.tree.listXattrs(gfid)) all.set(key, bytesValue(value));
    const asked = xdata?.has(XDATA.links) === true ? new Map([[XDATA.links, linksValue(brick, gfid)]]) : null;
    return { ...answer(all.size, all), xdata: asked };
  }
  if (name === XDATA.commit && offersMigration(brick)) return knownCommit(brick, gfid, xdata);
  const value = virtualXattr(brick, gfid, name, xdata) ?? storedXattr(brick, gfid, name);
  const bytes = "value" in value && value.value instanceof Uint8Array ? value.value.length : 0;
  return answer(bytes, new Map([[name, value]]));
}

function storedXattr({ tree }: Brick, gfid: Gfid, name: string): DictValue {
  checkXattrName(name);
  return bytesValue(tree.getXattr(gfid, name));
}

/** All names of an object, as the value of their key. */
export function linksValue({ tree }: Brick, gfid: Gfid): DictValue {
  return bytesValue(
    encodeLinks(tree.links(gfid).map((link) => ({ pargfid: link.parent, bname: link.name }))),
  );
}

/** What a brick that answers as 10.3 does not have. */
function offersMigration({ options }: Brick): boolean {
  return options.compat === undefined;
}

/** On the root a page of all that there are; on any other object the one that it is, or none. */
function targetsValue({ tree }: Brick, gfid: Gfid, xdata: Dict | null): DictValue {
  if (gfid === ROOT_GFID) {
    const page = tree.targets(getXdata(xdata, "targetsAfter") ?? NULL_GFID, TARGETS_PAGE_MAX);
    return bytesValue(encodeTargets(page.map((target) => heldTarget(target.gfid, target))));
  }
  const target = tree.target(gfid);
  return bytesValue(encodeTargets(target === undefined ? [] : [heldTarget(gfid, target)]));
}

function heldTarget(gfid: Gfid, { source, fence, madeUnder, phase }: MigrationTarget): HeldTarget {
  return { gfid, source, fence: fence as Epoch, madeUnder: madeUnder as Epoch, phase };
}

/** The last commit of an inode, which need not be there any more; so it is asked of the root. */
function knownCommit({ tree }: Brick, gfid: Gfid, xdata: Dict | null): FopReply<"getxattr"> {
  const of = getXdata(xdata, "commitOf");
  if (gfid !== ROOT_GFID || of === undefined) {
    throw new BrickError("BRICK_ARGUMENT", "a commit is asked for on the root, and of an inode");
  }
  const known = tree.committed(of);
  const said =
    "since" in known
      ? { commitsSince: known.since as Epoch }
      : { commit: known.epoch as Epoch, linkto: known.linkto };
  return answer(0, xdataOf(said));
}

function answer(opRet: number, dict: Dict): FopReply<"getxattr"> {
  return { opRet, opErrno: 0, xdata: null, dict, prestat: NO_IATT, poststat: NO_IATT };
}

/**
 * The names that stand for what the brick knows.
 * @throws {@link BrickError} `BRICK_UNSUPPORTED` for names by which stock bricks administrate locks.
 * Source: dict-and-types of 10.3, names of virtual xattrs.
 */
function virtualXattr(brick: Brick, gfid: Gfid, name: string, xdata: Dict | null): DictValue | undefined {
  switch (name) {
    case XDATA.targets:
      return offersMigration(brick) ? targetsValue(brick, gfid, xdata) : undefined;
    case XDATA.links:
      return linksValue(brick, gfid);
    case "glusterfs.gfid":
    case "glusterfs.gfid.string":
      return textValue(gfid);
    case "glusterfs.gfid2path":
      return textValue(pathOf(brick, gfid));
    case "glusterfs.pathinfo":
    case "trusted.glusterfs.pathinfo":
      return textValue(`<POSIX(${brick.name}):${brick.id}:${pathOf(brick, gfid)}>`);
    case "trusted.glusterfs.node-uuid":
      return textValue(brick.id);
    case "trusted.gfid":
      return bytesValue(gfidToBytes(gfid));
    case "trusted.glusterfs.volume-id":
      return brick.volumeId === undefined ? undefined : bytesValue(gfidToBytes(parseGfid(brick.volumeId)));
    default:
      if (!/^(trusted\.)?glusterfs\.(lockinfo|clrlk|get_real_filename)/.test(name)) return undefined;
      throw new BrickError("BRICK_UNSUPPORTED", `there is no ${name} here`);
  }
}

function pathOf({ tree }: Brick, gfid: Gfid): string {
  const path = tree.path(gfid);
  if (path === undefined) throw new TreeError("TREE_NO_ENTRY", "the object has no name");
  return path;
}
