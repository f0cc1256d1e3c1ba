import { type Dict, Errno, type Gfid, intValue, NULL_GFID, type ParentLink } from "@brickshift/wire";
import type { Directories } from "./directories.js";
import { isErrno, isGone, toPortError } from "./fop-failure.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";

const ONLY_LINK_FILES = ["unlink-only-if-dht-linkto-file", intValue(1)] as const;

/** What {@link reconcileNames} works on. */
export interface NamesToMatch {
  readonly destination: BrickPort;
  readonly directories: Directories;
  readonly fopTimeoutMs: number;
  readonly gfid: Gfid;
  /** The names that it shall have. */
  readonly wanted: readonly ParentLink[];
  /** The names that it has. */
  readonly present: readonly ParentLink[];
  /** Whether it looks like a link file: then names that are too many go, guarded so that nothing else is unlinked. */
  readonly isLinkFile: boolean;
  /** Goes with each fop: the lease that lets it through. */
  readonly xdata: Dict | null;
}

/** The names of `wanted` that are not in `present`. */
export function missingNames(
  wanted: readonly ParentLink[],
  present: readonly ParentLink[],
): readonly ParentLink[] {
  const keys = new Set(present.map(keyOf));
  return wanted.filter((link) => !keys.has(keyOf(link)));
}

/**
 * Gives an inode of the destination the names that it has on the source: first those that it lacks, then it loses
 * those that it should not have, so that it never is without.
 */
export async function reconcileNames(names: NamesToMatch): Promise<void> {
  const { destination, directories, fopTimeoutMs: timeoutMs, gfid, wanted, present, xdata } = names;
  try {
    for (const { pargfid, bname } of missingNames(wanted, present)) {
      await directories.ensure(pargfid);
      const request = { oldgfid: gfid, newgfid: pargfid, newbname: bname, xdata };
      await destination.fops.link(request, { timeoutMs }).catch(async (error: unknown) => {
        if (!isErrno(error, Errno.EEXIST)) throw error;
        const state = await lookUpName(destination, { pargfid, bname }, timeoutMs);
        if (state === gfid) return;
        const message = `"${bname}" in ${pargfid} on ${destination.brick} is another file; rename one of the two`;
        throw new RebalanceError("REBALANCE_NAME_TAKEN", message, { cause: error });
      });
    }
    // Of anything but a link file, a name that is too many stays: what has it by now may be a client's.
    const surplus = names.isLinkFile ? missingNames(present, wanted) : [];
    const guarded = new Map([...(xdata ?? []), ONLY_LINK_FILES]);
    for (const { pargfid, bname } of surplus) {
      await destination.fops
        .unlink({ pargfid, bname, xdata: guarded }, { timeoutMs })
        .catch((error: unknown) => {
          if (!isGone(error)) throw error;
        });
    }
  } catch (error) {
    throw toPortError(error);
  }
}

async function lookUpName(
  brick: BrickPort,
  { pargfid, bname }: ParentLink,
  timeoutMs: number,
): Promise<Gfid | undefined> {
  try {
    const { prestat } = await brick.fops.lookup({ gfid: NULL_GFID, pargfid, flags: 0, bname }, { timeoutMs });
    return prestat.gfid;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function keyOf({ pargfid, bname }: ParentLink): string {
  return `${pargfid}/${bname}`;
}
