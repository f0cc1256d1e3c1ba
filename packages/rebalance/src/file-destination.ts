import type { Destination } from "@brickshift/transaction";
import {
  ANONYMOUS_FD,
  type Dict,
  type Epoch,
  Errno,
  FileType,
  type Gfid,
  gfidValue,
  type Iatt,
  invariant,
  type LeaseId,
  LINK_FILE_PERMISSIONS,
  type MigrationStep,
  OpenFlags,
  type ParentLink,
  xdataOf,
} from "@brickshift/wire";
import type { BrickLeases } from "./brick-leases.js";
import { type FileAttributes, preparedDict, toldAttributes } from "./file-attributes.js";
import { type FileSource, isZeros } from "./file-source.js";
import { isErrno, isGone, isUnanswered, isUnreadable, toPortError } from "./fop-failure.js";
import { lookUp } from "./inode-state.js";
import type { MigrationLock } from "./migration-lock.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone, SourceMoved } from "./source-errors.js";
import { SyncAhead } from "./sync-ahead.js";
import { TargetLease } from "./target-lease.js";
import { TargetLost } from "./target-lost.js";

/** What a {@link FileDestination} needs of its run. */
export interface FileDestinationWorld {
  readonly source: BrickPort;
  /** Name of the source in link files. */
  readonly sourceName: string;
  /** Identity of the source: with a fence it says who may write a target. */
  readonly sourceId: Gfid;
  readonly destination: BrickPort;
  readonly leases: BrickLeases;
  readonly fopTimeoutMs: number;
  /** Rejects unless the target that the destination has, if any, may be dropped while the source shows data. */
  readonly needDroppable: () => Promise<void>;
  /** Resolves when the journal has noted what is about to be prepared under the lease that the source has now. */
  readonly intended: () => Promise<void>;
  /** Hears of each write that was acknowledged. */
  readonly onWritten: (bytes: number) => void;
}

const NO_BYTES = new Uint8Array();
const TARGET_MODE = FileType.regular | LINK_FILE_PERMISSIONS;

/** All that a target is to have. */
interface Whole {
  readonly content: Uint8Array;
  /** The dictionary of the step `prepare`. */
  readonly prepared: Dict;
}

/** One file on the brick that it comes to: a migration target until it is published. */
export class FileDestination implements Destination {
  /** The name that the target is made under. */
  readonly link: ParentLink;
  readonly #world: FileDestinationWorld;
  readonly #source: FileSource;
  readonly #lock: MigrationLock;
  /** The fence under which it may be aborted; see {@link abortFence}. */
  #abortFence: Epoch | undefined;
  #isUnclear = false;
  /** The fence under which the target was made by us, or taken over; `undefined` before. */
  #madeUnder: Epoch | undefined;
  /** The fence under which it was put with all that it is to have; `undefined` when it was made empty. */
  #putUnder: Epoch | undefined;
  /** Whether it is prepared with the names that it is to have, since it was put and leased in one. */
  #isPrepared = false;
  /** The process of the brick under which it was made. */
  #processUuid: string | undefined;
  readonly #ahead = new SyncAhead((fence) => this.#sync(fence));
  readonly #lease: TargetLease;
  #wantsLease = false;
  #xdata: { readonly fence: Epoch; readonly leaseId: LeaseId | undefined; readonly dict: Dict } | undefined;

  constructor(link: ParentLink, world: FileDestinationWorld, source: FileSource, lock: MigrationLock) {
    this.link = link;
    this.#world = world;
    this.#source = source;
    this.#lock = lock;
    this.#lease = new TargetLease(source.gfid, world);
  }

  get gfid(): Gfid {
    return this.#source.gfid;
  }

  /**
   * The fence under which a target of ours may be there, to be aborted when the copy fails; `undefined` when there is none.
   *
   * It is the highest one that was used while the source was known to have the data under a lease of that epoch, or that the brick
   * took for a target being filled. A rival who took the target over since, and whose commit may have made it the only
   * copy, has a higher one. The lease granted last may have been granted after that commit: its epoch is no such fence.
   */
  get abortFence(): Epoch | undefined {
    return this.#abortFence;
  }

  /** The fence under which the target was made or taken over; `undefined` before. */
  get madeUnder(): Epoch | undefined {
    return this.#madeUnder;
  }

  /** Whether the request to make the target had no answer, and nothing was heard of it since. */
  get isUnclear(): boolean {
    return this.#isUnclear;
  }

  /** Whether it was put with all that it is to have. */
  get isPut(): boolean {
    return this.#putUnder !== undefined;
  }

  async establish(fence: Epoch): Promise<void> {
    // It has the data of another lease, prepared, and takes no other.
    if (this.#putUnder !== undefined) throw new TargetLost(this.#world.destination.brick);
    if (this.#madeUnder !== undefined) {
      this.#needSameProcess();
      // A write of nothing changes nothing, but the brick remembers its fence.
      return this.write(0, NO_BYTES, fence);
    }
    const whole = await this.#wholeUnder(fence);
    this.#processUuid = this.#world.destination.capabilities?.processUuid;
    await (whole === undefined ? this.#make(fence) : this.#put(fence, whole));
    this.#madeUnder = fence;
    if (this.#wantsLease) this.#lease.ask();
  }

  async write(offset: number, payload: Uint8Array, fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs, onWritten } = this.#world;
    // What is read under the lease was told with it, and is there.
    if (this.#putUnder === fence) return onWritten(payload.length);
    // What is written was read from the source. Nothing to be written says nothing of it, but that it was taken does.
    if (payload.length > 0) this.#raiseAbortFence(fence);
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, payload, xdata: this.xdata(fence) };
    try {
      await destination.fops.write(request, { timeoutMs: fopTimeoutMs });
    } catch (error) {
      this.#lease.noteRevoked(error);
      throw toPortError(error);
    }
    this.#raiseAbortFence(fence);
    onWritten(payload.length);
    // A disk that is kept busy makes writers wait (measured): of a file that has some the end is early enough.
    if (!this.#source.wasRecalled) this.#ahead.written(payload.length, fence);
  }

  async zero(offset: number, size: number, fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    if (this.#putUnder === fence) return;
    this.#raiseAbortFence(fence);
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, size, xdata: this.xdata(fence) };
    try {
      await destination.fops.discard(request, { timeoutMs: fopTimeoutMs });
    } catch (error) {
      this.#lease.noteRevoked(error);
      throw toPortError(error);
    }
  }

  /** Brings what was written so far to the disk. Rejects as a port of a copy does. */
  async sync(fence: Epoch): Promise<void> {
    await this.#ahead.settled();
    await this.#sync(fence);
  }

  /**
   * Closes the target, with `stat` and `xattrs` to be shown once it is published; from then on the brick lets nobody take a name of
   * it away. It names the lease: when that is lost the brick refuses, since somebody may have changed names after they were
   * matched. Nothing is left to do for one that was put with these attributes, and with the lease from the start.
   * Rejects with what the client rejects with, `LEASE_REVOKED` when no lease is held, or {@link TargetLost}.
   */
  async prepare(fence: Epoch, stat: Iatt, xattrs: FileAttributes["xattrs"]): Promise<void> {
    if (this.#isPrepared) return;
    await this.#ahead.settled();
    // The lease ends with the process that granted it: what is prepared under it was written to this process as well.
    this.#needSameProcess();
    invariant(this.#madeUnder !== undefined, "what is prepared was made");
    this.#raiseAbortFence(fence);
    const { sourceId: source, destination } = this.#world;
    const named = xdataOf({ fence, source, madeUnder: this.#madeUnder }, this.#lease.xdata);
    try {
      await this.#step("prepare", preparedDict(stat, xattrs), named);
    } catch (error) {
      this.#lease.noteRevoked(error);
      if (isErrno(error, Errno.EINVAL)) throw new TargetLost(destination.brick, { cause: error });
      throw error;
    }
  }

  /** Shows the target as the data file, and gives its lease back. Rejects with what the client rejects with. */
  async publish(fence: Epoch): Promise<void> {
    const leaseEpoch = this.#lease.epoch;
    if (leaseEpoch === undefined || !this.#knowsPut) return this.step("publish", fence);
    try {
      await this.#step("publish", null, xdataOf({ leaseEpoch }, this.xdata(fence)));
      this.#lease.ended();
    } catch (error) {
      if (!this.#lease.noteRevoked(error)) throw error;
      await this.step("publish", fence);
    }
  }

  /** One of the other steps of the migration. Rejects with what the client rejects with. */
  async step(
    migration: "target" | "publish" | "abort",
    fence: Epoch,
    more: Dict | null = null,
  ): Promise<void> {
    try {
      await this.#step(migration, more, this.xdata(fence));
    } catch (error) {
      // Here the lease is a courtesy to those who look; the fence alone is what makes the step right.
      if (!this.#lease.noteRevoked(error)) throw error;
      await this.#step(migration, more, this.xdata(fence));
    }
  }

  /** The xdata by which the brick knows us: fence and source, and our lease once there is one. */
  xdata(fence: Epoch): Dict {
    const leaseId = this.#lease.id;
    if (this.#xdata?.fence === fence && this.#xdata.leaseId === leaseId) return this.#xdata.dict;
    const dict = xdataOf({
      fence,
      source: this.#world.sourceId,
      ...(leaseId !== undefined && { leaseId }),
    });
    this.#xdata = { fence, leaseId, dict };
    return dict;
  }

  /** See {@link TargetLease.xdata}. */
  get leaseXdata(): Dict {
    return this.#lease.xdata;
  }

  /** Asks for the exclusive lease, as soon as there is a file to have one on. */
  wantLease(): void {
    this.#wantsLease = true;
    if (this.#madeUnder !== undefined) this.#lease.ask();
  }

  /** See {@link TargetLease.names}. */
  leasedNames(signal: AbortSignal): Promise<readonly ParentLink[]> {
    return this.#lease.names(signal);
  }

  /** Gives the lease back, if there is one. Never rejects. */
  unlock(): Promise<void> {
    this.#wantsLease = false;
    return this.#lease.unlock();
  }

  #raiseAbortFence(fence: Epoch): void {
    this.#isUnclear = false;
    if (this.#abortFence === undefined || fence > this.#abortFence) this.#abortFence = fence;
  }

  async #sync(fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, data: 1, xdata: this.xdata(fence) };
    try {
      await destination.fops.fsync(request, { timeoutMs: fopTimeoutMs });
    } catch (error) {
      this.#lease.noteRevoked(error);
      throw toPortError(error);
    }
  }

  /** What was acknowledged and not synced may have gone with the process that acknowledged it. @throws TargetLost. */
  #needSameProcess(): void {
    const { destination } = this.#world;
    if (destination.capabilities?.processUuid !== this.#processUuid) throw new TargetLost(destination.brick);
  }

  async #step(migration: MigrationStep, more: Dict | null, xdata: Dict): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const dict = xdataOf({ migration }, more);
    const request = { gfid: this.gfid, flags: 0, dict, xdata };
    await destination.fops.setxattr(request, { timeoutMs: fopTimeoutMs });
  }

  async #make(fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const { pargfid, bname } = this.link;
    const xdata = this.#made(fence);
    try {
      await destination.fops.mknod(
        { pargfid, bname, dev: 0n, mode: TARGET_MODE, xdata },
        { timeoutMs: fopTimeoutMs },
      );
      this.#raiseAbortFence(fence);
    } catch (error) {
      await this.#notMade(error, fence);
    }
  }

  /** As {@link #make}, with all that is to be written, prepared, and under our lease, if the brick can grant that at once. */
  async #put(fence: Epoch, { content, prepared }: Whole): Promise<void> {
    const { destination, leases, fopTimeoutMs } = this.#world;
    const { pargfid, bname } = this.link;
    const leaseId = leases.newLeaseId();
    const xdata = xdataOf({ leaseId, leaseScope: "data", links: [] }, this.#made(fence));
    const what = {
      mode: TARGET_MODE,
      umask: 0,
      flag: OpenFlags.excl,
      offset: 0,
      xattr: prepared,
      payload: content,
    };
    try {
      const reply = await destination.fops.put(
        { pargfid, bname, ...what, xdata },
        { timeoutMs: fopTimeoutMs },
      );
      this.#raiseAbortFence(fence);
      this.#putUnder = fence;
      const links = this.#lease.fromBirth(leaseId, reply.xdata);
      this.#isPrepared = links !== undefined && isOnly(links, this.link);
    } catch (error) {
      if (isUnanswered(error) || isUnreadable(error)) leases.mayBeHeld(this.gfid, leaseId);
      await this.#notMade(error, fence);
    }
  }

  /** The xdata by which the brick makes a target of ours. */
  #made(fence: Epoch): Dict {
    const { sourceName, sourceId } = this.#world;
    const base = new Map([["gfid-req", gfidValue(this.gfid)]]);
    return xdataOf({ linkto: sourceName, fence, source: sourceId }, base);
  }

  /** What follows of a target that was not made, as far as is known. */
  async #notMade(error: unknown, fence: Epoch): Promise<void> {
    if (isErrno(error, Errno.EEXIST)) return this.#adopt(fence);
    const known = toPortError(error);
    if (known !== error || isUnreadable(error)) this.#isUnclear = this.#abortFence === undefined;
    throw known;
  }

  /** Whether the brick makes targets by PUT, and takes leases back with `publish`. */
  get #knowsPut(): boolean {
    return Number(this.#world.destination.capabilities?.brickshift ?? 0) >= 2;
  }

  /**
   * All of the file, when it was told with the lease of that epoch, and is to be put as it is: zeros are to be a hole, and several
   * names are matched before the target is prepared.
   */
  async #wholeUnder(fence: Epoch): Promise<Whole | undefined> {
    const { lease } = this.#source;
    if (lease?.whole === undefined || lease.epoch !== fence || !this.#knowsPut) return undefined;
    const { content, stat } = lease.whole;
    const attributes = toldAttributes(lease);
    if (attributes === undefined || !isOnly(attributes.links, this.link)) return undefined;
    if (content.length > 0 && isZeros(content)) return undefined;
    // A journal that fails is for the flip to tell.
    const isIntended = await this.#world.intended().then(
      () => true,
      () => false,
    );
    return isIntended ? { content, prepared: preparedDict(stat, attributes.xattrs) } : undefined;
  }

  /** Makes the link file, or the target of a run that ended early, ours; its data is dropped. */
  async #adopt(fence: Epoch): Promise<void> {
    const { destination, sourceName, fopTimeoutMs } = this.#world;
    const state = await lookUp(destination, this.gfid, fopTimeoutMs).catch(rethrow);
    const name = `"${this.link.bname}" in ${this.link.pargfid} on ${destination.brick}`;
    if (state.type === "absent") {
      const message = `${name} is another file; rename or remove one of the two`;
      throw new RebalanceError("REBALANCE_NAME_TAKEN", message);
    }
    if (state.type === "present") {
      // What the crawl saw may be old: a file that has moved is on the destination alone.
      await this.#needOrigin();
      const message = `${this.gfid} has data on ${destination.brick} already; compare both, remove one`;
      throw new RebalanceError("REBALANCE_TWO_DATA_FILES", message);
    }
    await this.#lock.take();
    // What is dropped must not be the only copy. While the source shows data under a lease that is held, no commit
    // with a lower epoch can come any more, and one with a higher epoch fences this off.
    await this.#needOrigin();
    await this.#world.needDroppable().catch(rethrow);
    const before = this.#abortFence;
    this.#raiseAbortFence(fence);
    try {
      await this.step("target", fence, xdataOf({ linkto: sourceName }));
    } catch (error) {
      if (isErrno(error, Errno.EBUSY)) {
        this.#abortFence = before;
        const message = `${name} is being filled from another brick; end that run first`;
        throw new RebalanceError("REBALANCE_OTHER_RUNNER", message, { cause: error });
      }
      throw isGone(error)
        ? new RebalanceError("REBALANCE_UNFINISHED", `${name} went; run again`)
        : toPortError(error);
    }
  }

  /** Rejects with `SourceMoved` or `SourceGone` unless the source has the data, under the lease that is held. */
  async #needOrigin(): Promise<void> {
    const { source, fopTimeoutMs } = this.#world;
    const { lease } = this.#source;
    const leased = lease === undefined ? null : xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
    const origin = await lookUp(source, this.gfid, fopTimeoutMs, leased).catch(rethrow);
    if (origin.type === "link") throw new SourceMoved(origin.linkto);
    if (origin.type === "absent") throw new SourceGone();
  }
}

function isOnly(links: readonly ParentLink[], { pargfid, bname }: ParentLink): boolean {
  return links.length === 1 && links[0]?.pargfid === pargfid && links[0].bname === bname;
}

function rethrow(error: unknown): never {
  throw toPortError(error);
}
