import {
  Errno,
  type Gfid,
  gfidValue,
  type Iatt,
  type ParentLink,
  ROOT_GFID,
  SetattrValid,
} from "@brickshift/wire";
import { isErrno } from "./fop-failure.js";
import { readLinks, readXattrs } from "./file-attributes.js";
import { internalFor } from "./internal-caller.js";
import { lookUp } from "./inode-state.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";

interface DirectoriesWorld {
  readonly source: BrickPort;
  readonly destination: BrickPort;
  readonly fopTimeoutMs: number;
  readonly directoriesMax: number;
  readonly depthMax: number;
}

/** Sees to it that directories of the source are on the destination too, under the same gfids. */
export class Directories {
  readonly #world: DirectoriesWorld;
  /** Known to be there, the one asked for last at the end. */
  readonly #known = new Set<Gfid>([ROOT_GFID]);
  readonly #making = new Map<Gfid, Promise<boolean>>();

  constructor(world: DirectoriesWorld) {
    this.#world = world;
  }

  /**
   * Makes the directory and all above it if need be, with owner, mode and xattrs.
   * @returns whether it was made by this call or one under way.
   * Rejects with what the client rejects with, or `REBALANCE_NAME_TAKEN`, `REBALANCE_TOO_DEEP`.
   */
  async ensure(gfid: Gfid, depth = 0): Promise<boolean> {
    if (this.#known.delete(gfid)) {
      this.#known.add(gfid);
      return false;
    }
    const making = this.#making.get(gfid) ?? this.#make(gfid, depth);
    this.#making.set(gfid, making);
    try {
      const isMade = await making;
      this.#remember(gfid);
      return isMade;
    } finally {
      this.#making.delete(gfid);
    }
  }

  /** Gives a directory the times of the source: entries that were made in it since have changed them. */
  async restoreTimes(gfid: Gfid, stat: Iatt): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const valid = SetattrValid.atime | SetattrValid.mtime;
    await destination.fops.setattr({ gfid, stbuf: stat, valid }, { timeoutMs: fopTimeoutMs });
  }

  #remember(gfid: Gfid): void {
    this.#known.add(gfid);
    if (this.#known.size <= this.#world.directoriesMax) return;
    for (const oldest of this.#known) {
      if (oldest === ROOT_GFID) continue;
      this.#known.delete(oldest);
      return;
    }
  }

  async #make(gfid: Gfid, depth: number): Promise<boolean> {
    const { source, destination, fopTimeoutMs: timeoutMs, depthMax } = this.#world;
    if (depth > depthMax) {
      throw new RebalanceError("REBALANCE_TOO_DEEP", `${gfid} is more than ${depthMax} directories deep`);
    }
    const there = await lookUp(destination, gfid, timeoutMs);
    if (there.type !== "absent") return false;
    const [state, xattrs, links] = await Promise.all([
      lookUp(source, gfid, timeoutMs),
      readXattrs(source, gfid, timeoutMs),
      readLinks(source, gfid, timeoutMs),
    ]);
    const [link] = links;
    if (state.type !== "present" || link === undefined) {
      throw new RebalanceError("REBALANCE_UNFINISHED", `directory ${gfid} was removed meanwhile; run again`);
    }
    await this.ensure(link.pargfid, depth + 1);
    const { stat } = state;
    const xdata = new Map([...xattrs, ["gfid-req", gfidValue(gfid)] as const]);
    const auth = internalFor(stat);
    try {
      await destination.fops.mkdir({ ...link, mode: stat.mode & 0o7777, xdata }, { timeoutMs, auth });
    } catch (error) {
      if (!isErrno(error, Errno.EEXIST)) throw error;
      await this.#checkSame(gfid, link, error);
      return false;
    }
    // A parent with the setgid bit gives its own group; the mode may have lost bits on the way.
    const valid = SetattrValid.mode | SetattrValid.uid | SetattrValid.gid;
    const times = SetattrValid.atime | SetattrValid.mtime;
    await destination.fops.setattr({ gfid, stbuf: stat, valid: valid | times }, { timeoutMs });
    return true;
  }

  async #checkSame(gfid: Gfid, { pargfid, bname }: ParentLink, cause: unknown): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const state = await lookUp(destination, gfid, fopTimeoutMs);
    if (state.type !== "absent") return;
    const message = `"${bname}" in ${pargfid} on ${destination.brick} is not the directory ${gfid}; rename one`;
    throw new RebalanceError("REBALANCE_NAME_TAKEN", message, { cause });
  }
}
