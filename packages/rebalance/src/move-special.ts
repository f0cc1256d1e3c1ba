import {
  type Dict,
  Errno,
  FileType,
  gfidValue,
  type Iatt,
  type ParentLink,
  SetattrValid,
  xdataOf,
  deviceOfRdev,
} from "@brickshift/wire";
import type { GrantedLease } from "./brick-leases.js";
import { failedOutcome } from "./failed-outcome.js";
import { type FileAttributes, readAttributes, readLinks } from "./file-attributes.js";
import { isErrno, isGone } from "./fop-failure.js";
import { internalFor } from "./internal-caller.js";
import { lookUp } from "./inode-state.js";
import { reconcileNames } from "./link-names.js";
import type { FileToMove } from "./move-file.js";
import type { Outcome } from "./outcome.js";
import { RebalanceError } from "./rebalance-error.js";
import { patienceOf, type RunContext } from "./run-context.js";
import { SourceGone } from "./source-errors.js";
import { untilAnswered } from "./until-answered.js";

/** What of a special file cannot be told by its mode. */
const MOVABLE: ReadonlySet<number> = new Set([
  FileType.symlink,
  FileType.fifo,
  FileType.socket,
  FileType.character,
  FileType.block,
]);

/** Whether `stat` is of something that {@link moveSpecial} moves. */
export function isSpecial(stat: Iatt): boolean {
  return MOVABLE.has(stat.mode & FileType.mask);
}

/**
 * Moves a symbolic link, fifo, socket or device: makes it on the destination under the same gfid, with all its names,
 * then takes the names of the source away. It has no data, so that in between both may be there; whoever
 * is ended in between begins again, and finds what is done. Never rejects.
 */
export async function moveSpecial(context: RunContext, file: FileToMove): Promise<Outcome> {
  const { gfid, path } = file;
  try {
    await untilAnswered(() => moveOnce(context, file), patienceOf(context));
    return { type: "moved", bytes: 0 };
  } catch (error) {
    const isVanished = error instanceof SourceGone || (isGone(error) && !(await isOnSource(context, gfid)));
    return isVanished ? { type: "vanished" } : failedOutcome(path, error);
  }
}

async function isOnSource({ source, options }: RunContext, gfid: FileToMove["gfid"]): Promise<boolean> {
  return (await lookUp(source, gfid, options.fopTimeoutMs)).type !== "absent";
}

async function moveOnce(context: RunContext, { gfid, link }: FileToMove): Promise<void> {
  const { source, sourceLeases, signal, options, destination, directories } = context;
  const { fopTimeoutMs } = options;
  const lease = await sourceLeases.acquire({ gfid, mode: "exclusive" }, signal);
  try {
    const xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
    const [{ stat }, attributes] = await Promise.all([
      source.fops.stat({ gfid, xdata }, { timeoutMs: fopTimeoutMs }),
      readAttributes(source, gfid, fopTimeoutMs, lease),
    ]);
    if (attributes.links.length === 0) throw new SourceGone();
    const name = attributes.links.find(({ bname }) => bname === link.bname) ?? attributes.links[0] ?? link;
    await directories.ensure(name.pargfid);
    await makeSpecial(context, lease, name, stat, attributes);
    const present = await readLinks(destination, gfid, fopTimeoutMs);
    const wanted = attributes.links;
    await reconcileNames({
      destination,
      directories,
      fopTimeoutMs,
      gfid,
      wanted,
      present,
      isLinkFile: false,
      xdata: null,
    });
    await removeNames(context, lease, attributes.links);
  } finally {
    await sourceLeases.unlock(gfid, lease).catch(() => {});
  }
}

async function makeSpecial(
  context: RunContext,
  lease: GrantedLease,
  link: ParentLink,
  stat: Iatt,
  { xattrs }: FileAttributes,
): Promise<void> {
  const { destination, options } = context;
  const { gfid, mode } = stat;
  const how = { timeoutMs: options.fopTimeoutMs, auth: internalFor(stat) };
  const xdata: Dict = new Map([...xattrs, ["gfid-req", gfidValue(gfid)] as const]);
  try {
    if ((mode & FileType.mask) === FileType.symlink) {
      const linkname = await readTarget(context, lease, stat);
      await destination.fops.symlink({ ...link, linkname, xdata }, how);
    } else {
      await destination.fops.mknod({ ...link, mode, dev: deviceOfRdev(stat.rdev), xdata }, how);
    }
  } catch (error) {
    if (!isErrno(error, Errno.EEXIST)) throw error;
    await checkSame(context, link, stat, error);
  }
  const owner = SetattrValid.uid | SetattrValid.gid;
  const permissions = (mode & FileType.mask) === FileType.symlink ? 0 : SetattrValid.mode;
  const valid = owner | permissions | SetattrValid.atime | SetattrValid.mtime;
  await destination.fops.setattr({ gfid, stbuf: stat, valid }, { timeoutMs: options.fopTimeoutMs });
}

async function readTarget({ source, options }: RunContext, lease: GrantedLease, stat: Iatt): Promise<string> {
  const xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
  const request = { gfid: stat.gfid, size: 4_096, xdata };
  return (await source.fops.readlink(request, { timeoutMs: options.fopTimeoutMs })).path;
}

async function checkSame(
  { destination, options }: RunContext,
  { pargfid, bname }: ParentLink,
  stat: Iatt,
  cause: unknown,
): Promise<void> {
  const there = await lookUp(destination, stat.gfid, options.fopTimeoutMs);
  if (there.type === "present" && (there.stat.mode & FileType.mask) === (stat.mode & FileType.mask)) return;
  const message = `"${bname}" in ${pargfid} on ${destination.brick} is something else; rename one of the two`;
  throw new RebalanceError("REBALANCE_NAME_TAKEN", message, { cause });
}

async function removeNames(
  { source, options }: RunContext,
  lease: GrantedLease,
  links: readonly ParentLink[],
): Promise<void> {
  // With the epoch an UNLINK that comes late, after the lease, is refused: the name may be another file's by then.
  const xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
  for (const link of links) {
    await source.fops
      .unlink({ ...link, xdata }, { timeoutMs: options.fopTimeoutMs })
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  }
}
