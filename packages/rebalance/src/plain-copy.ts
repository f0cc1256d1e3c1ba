import {
  ANONYMOUS_FD,
  bytesValue,
  Errno,
  FileType,
  gfidValue,
  LINK_FILE_PERMISSIONS,
  nameToBytes,
  SetattrValid,
  XDATA,
} from "@brickshift/wire";
import { failedOutcome } from "./failed-outcome.js";
import { readLinks, readXattrs } from "./file-attributes.js";
import { isErrno, isGone } from "./fop-failure.js";
import { reconcileNames } from "./link-names.js";
import type { FileToMove } from "./move-file.js";
import type { Outcome } from "./outcome.js";
import type { RunContext } from "./run-context.js";

/** Process id of Gluster's own rebalance: link files and leases do not stop it. */
const INTERNAL = { pid: -3 };

/**
 * THE CONTROL: moves a file as it is done without this project, with plain reads and writes. No lease, no fence, no
 * extents that were modified meanwhile, no decision in one step. Writes that clients make during the copy, or between
 * its last read and the truncation of the source, ARE LOST. It exists so that a test of the real thing can show
 * that it would notice.
 *
 * Source: glusterfs `xlators/cluster/dht/src/dht-rebalance.c`, the steps of phase 2.
 */
export async function moveFilePlainly(context: RunContext, file: FileToMove): Promise<Outcome> {
  const { gfid, path } = file;
  try {
    await makeFile(context, file);
    const bytes = await copyBytes(context, file);
    await copyAttributes(context, file);
    await giveNames(context, file);
    await turnIntoLink(context, file);
    return { type: "moved", bytes };
  } catch (error) {
    await removeCopy(context, file).catch(() => {});
    if (isGone(error)) return { type: "vanished" };
    return failedOutcome(`${path} (${gfid})`, error);
  }
}

async function makeFile({ destination, options }: RunContext, { gfid, link }: FileToMove): Promise<void> {
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  const request = { ...link, dev: 0n, mode: FileType.regular | 0o600, xdata };
  await destination.fops
    .mknod(request, { timeoutMs: options.fopTimeoutMs, auth: INTERNAL })
    .catch((error: unknown) => {
      if (!isErrno(error, Errno.EEXIST)) throw error;
    });
}

async function copyBytes(context: RunContext, { gfid }: FileToMove): Promise<number> {
  const { source, destination, options, throttle, tally, signal } = context;
  const { chunkBytes } = options.copy;
  const how = { timeoutMs: options.fopTimeoutMs, auth: INTERNAL };
  for (let offset = 0; ; offset += chunkBytes) {
    await throttle.pass(signal);
    const read = await source.fops.read({ gfid, fd: ANONYMOUS_FD, offset, size: chunkBytes }, how);
    const { payload, stat } = read;
    throttle.spend(payload.length);
    if (payload.length > 0) {
      await destination.fops.write({ gfid, fd: ANONYMOUS_FD, offset, payload }, how);
      tally.written(payload.length);
    }
    read.release();
    if (offset + payload.length >= stat.size) return stat.size;
  }
}

async function copyAttributes(
  { source, destination, options }: RunContext,
  { gfid }: FileToMove,
): Promise<void> {
  const how = { timeoutMs: options.fopTimeoutMs, auth: INTERNAL };
  const [{ stat }, dict] = await Promise.all([
    source.fops.stat({ gfid }, how),
    readXattrs(source, gfid, options.fopTimeoutMs),
  ]);
  if (dict.size > 0) await destination.fops.setxattr({ gfid, flags: 0, dict }, how);
  await destination.fops.truncate({ gfid, offset: stat.size }, how);
  const { mode, uid, gid, atime, mtime } = SetattrValid;
  await destination.fops.setattr({ gfid, stbuf: stat, valid: mode | uid | gid | atime | mtime }, how);
}

/** The names besides the one by which it was found: who has only those would find nothing any more. */
async function giveNames(context: RunContext, { gfid }: FileToMove): Promise<void> {
  const { source, destination, directories, options } = context;
  const { fopTimeoutMs } = options;
  const wanted = await readLinks(source, gfid, fopTimeoutMs);
  const present = await readLinks(destination, gfid, fopTimeoutMs);
  const names = { destination, directories, fopTimeoutMs, gfid, wanted, present };
  await reconcileNames({ ...names, isLinkFile: false, xdata: null });
}

async function removeCopy({ destination, options }: RunContext, { gfid }: FileToMove): Promise<void> {
  const { fopTimeoutMs: timeoutMs } = options;
  for (const { pargfid, bname } of await readLinks(destination, gfid, timeoutMs)) {
    await destination.fops.unlink({ pargfid, bname }, { timeoutMs });
  }
}

async function turnIntoLink(
  { source, destinationName, options }: RunContext,
  { gfid }: FileToMove,
): Promise<void> {
  const how = { timeoutMs: options.fopTimeoutMs, auth: INTERNAL };
  const linkto = bytesValue(Uint8Array.of(...nameToBytes(destinationName), 0));
  await source.fops.setxattr({ gfid, flags: 0, dict: new Map([[XDATA.linkto, linkto]]) }, how);
  const { stat } = await source.fops.stat({ gfid }, how);
  const stbuf = { ...stat, mode: FileType.regular | LINK_FILE_PERMISSIONS };
  await source.fops.setattr({ gfid, stbuf, valid: SetattrValid.mode }, how);
  await source.fops.truncate({ gfid, offset: 0 }, how);
}
