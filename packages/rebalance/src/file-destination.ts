import type { Destination } from "@brickshift/transaction";
import {
  ANONYMOUS_FD,
  type Dict,
  type Epoch,
  Errno,
  FileType,
  type Gfid,
  gfidValue,
  invariant,
  LeaseError,
  type LeaseId,
  LINK_FILE_PERMISSIONS,
  type MigrationStep,
  type ParentLink,
  xdataOf,
} from "@brickshift/wire";
import type { BrickLeases } from "./brick-leases.js";
import { readLinks } from "./file-attributes.js";
import type { FileSource } from "./file-source.js";
import { isErrno, isGone, toPortError } from "./fop-failure.js";
import { lookUp } from "./inode-state.js";
import type { MigrationLock } from "./migration-lock.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone, SourceMoved } from "./source-errors.js";
import { SyncAhead } from "./sync-ahead.js";
import { TargetLost } from "./target-lost.js";
import { unlessAborted } from "./unless-aborted.js";

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
  /** Hears of each write that was acknowledged. */
  readonly onWritten: (bytes: number) => void;
}

const NO_BYTES = new Uint8Array();

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
  /** The process of the brick under which it was made. */
  #processUuid: string | undefined;
  readonly #ahead = new SyncAhead((fence) => this.#sync(fence));
  #leaseId: LeaseId | undefined;
  #leaseEpoch: Epoch | undefined;
  /** Resolves with what the brick told of the names when it granted the lease. */
  #leaseAsked: Promise<readonly ParentLink[] | undefined> | undefined;
  #asking = new AbortController();
  #wantsLease = false;
  #xdata: { readonly fence: Epoch; readonly dict: Dict } | undefined;

  constructor(link: ParentLink, world: FileDestinationWorld, source: FileSource, lock: MigrationLock) {
    this.link = link;
    this.#world = world;
    this.#source = source;
    this.#lock = lock;
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

  async establish(fence: Epoch): Promise<void> {
    if (this.#madeUnder !== undefined) {
      this.#needSameProcess();
      // A write of nothing changes nothing, but the brick remembers its fence.
      return this.write(0, NO_BYTES, fence);
    }
    this.#processUuid = this.#world.destination.capabilities?.processUuid;
    await this.#make(fence);
    this.#madeUnder = fence;
    if (this.#wantsLease) this.#askLease();
  }

  async write(offset: number, payload: Uint8Array, fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs, onWritten } = this.#world;
    // What is written was read from the source. Nothing to be written says nothing of it, but that it was taken does.
    if (payload.length > 0) this.#raiseAbortFence(fence);
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, payload, xdata: this.xdata(fence) };
    try {
      await destination.fops.write(request, { timeoutMs: fopTimeoutMs });
    } catch (error) {
      this.#noteRevoked(error);
      throw toPortError(error);
    }
    this.#raiseAbortFence(fence);
    onWritten(payload.length);
    // A disk that is kept busy makes writers wait (measured): of a file that has some the end is early enough.
    if (!this.#source.wasRecalled) this.#ahead.written(payload.length, fence);
  }

  async zero(offset: number, size: number, fence: Epoch): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    this.#raiseAbortFence(fence);
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, size, xdata: this.xdata(fence) };
    try {
      await destination.fops.discard(request, { timeoutMs: fopTimeoutMs });
    } catch (error) {
      this.#noteRevoked(error);
      throw toPortError(error);
    }
  }

  /** Brings what was written so far to the disk. Rejects as a port of a copy does. */
  async sync(fence: Epoch): Promise<void> {
    await this.#ahead.settled();
    await this.#sync(fence);
  }

  /**
   * Closes the target, with `attributes` to be shown once it is published; from then on the brick lets nobody take a name of
   * it away. It names the lease: when that is lost the brick refuses, since somebody may have changed names after they were
   * matched. Rejects with what the client rejects with, `LEASE_REVOKED` when no lease is held, or {@link TargetLost}.
   */
  async prepare(fence: Epoch, attributes: Dict): Promise<void> {
    await this.#ahead.settled();
    // The lease ends with the process that granted it: what is prepared under it was written to this process as well.
    this.#needSameProcess();
    invariant(this.#madeUnder !== undefined, "what is prepared was made");
    this.#raiseAbortFence(fence);
    const { sourceId: source, destination } = this.#world;
    const named = xdataOf({ fence, source, madeUnder: this.#madeUnder }, this.leaseXdata);
    try {
      await this.#step("prepare", attributes, named);
    } catch (error) {
      this.#noteRevoked(error);
      if (isErrno(error, Errno.EINVAL)) throw new TargetLost(destination.brick, { cause: error });
      throw error;
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
      if (!this.#noteRevoked(error)) throw error;
      await this.#step(migration, more, this.xdata(fence));
    }
  }

  /** The xdata by which the brick knows us: fence and source, and our lease once there is one. */
  xdata(fence: Epoch): Dict {
    if (this.#xdata?.fence === fence) return this.#xdata.dict;
    const leaseId = this.#leaseId;
    const dict = xdataOf({
      fence,
      source: this.#world.sourceId,
      ...(leaseId !== undefined && { leaseId }),
    });
    this.#xdata = { fence, dict };
    return dict;
  }

  /**
   * The lease alone, for fops on names; with its epoch, so that one that comes after the lease is refused.
   * @throws LeaseError `LEASE_REVOKED` when none is held: without one nothing would keep others from the names.
   */
  get leaseXdata(): Dict {
    const leaseId = this.#leaseId;
    const leaseEpoch = this.#leaseEpoch;
    if (leaseId === undefined || leaseEpoch === undefined) {
      throw new LeaseError("LEASE_REVOKED", `no lease on ${this.gfid} is held on the destination`);
    }
    return xdataOf({ leaseId, leaseEpoch });
  }

  /** Asks for the exclusive lease, as soon as there is a file to have one on. */
  wantLease(): void {
    this.#wantsLease = true;
    if (this.#madeUnder !== undefined) this.#askLease();
  }

  /**
   * The names that the target has, once its exclusive lease is held: clients may have made, renamed or removed some before. Rejects
   * as the request for the lease did, with what the client rejects with, or with the reason of `signal`.
   */
  async leasedNames(signal: AbortSignal): Promise<readonly ParentLink[]> {
    const { destination, fopTimeoutMs } = this.#world;
    const told = this.#leaseAsked && (await unlessAborted(this.#leaseAsked, signal));
    const xdata = this.leaseXdata;
    return told ?? readLinks(destination, this.gfid, fopTimeoutMs, xdata);
  }

  /** Gives the lease back, if there is one. Never rejects. */
  async unlock(): Promise<void> {
    if (this.#leaseId === undefined) return;
    const leaseId = this.#leaseId;
    const epoch = this.#leaseEpoch;
    this.#leaseId = undefined;
    this.#leaseEpoch = undefined;
    this.#leaseAsked = undefined;
    this.#wantsLease = false;
    this.#xdata = undefined;
    const { leases } = this.#world;
    if (epoch !== undefined) {
      await leases.unlock(this.gfid, { leaseId, epoch }).catch(() => {});
      return;
    }
    // The request may wait for somebody else's lease for minutes: it is taken back, and only the end of the run waits for it.
    this.#asking.abort();
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
      this.#noteRevoked(error);
      throw toPortError(error);
    }
  }

  /** A fop that names a revoked lease is refused: from now on none does. @returns whether that was it. */
  #noteRevoked(error: unknown): boolean {
    if (!isErrno(error, Errno.EKEYREVOKED) || this.#leaseId === undefined) return false;
    this.#world.leases.forget();
    this.#leaseId = undefined;
    this.#leaseEpoch = undefined;
    this.#leaseAsked = undefined;
    this.#xdata = undefined;
    return true;
  }

  /** What was acknowledged and not synced may have gone with the process that acknowledged it. @throws TargetLost. */
  #needSameProcess(): void {
    const { destination } = this.#world;
    if (destination.capabilities?.processUuid !== this.#processUuid) throw new TargetLost(destination.brick);
  }

  #askLease(): void {
    if (this.#leaseId !== undefined) return;
    // Writes carry the id from now on: they may overtake the request, or come after the grant.
    const leaseId = this.#world.leases.newLeaseId();
    this.#leaseId = leaseId;
    this.#xdata = undefined;
    const { leases } = this.#world;
    this.#asking = new AbortController();
    const wish = { gfid: this.gfid, mode: "exclusive", leaseId, tell: "names" } as const;
    const asked = leases.acquire(wish, this.#asking.signal);
    this.#leaseEpoch = undefined;
    this.#leaseAsked = asked.then((lease) => {
      // Granted in the moment in which it was taken back.
      if (this.#leaseId === leaseId) this.#leaseEpoch = lease.epoch;
      else leases.drop(this.gfid, lease);
      return lease.links;
    });
    this.#leaseAsked.catch(() => {});
  }

  async #step(migration: MigrationStep, more: Dict | null, xdata: Dict): Promise<void> {
    const { destination, fopTimeoutMs } = this.#world;
    const dict = xdataOf({ migration }, more);
    const request = { gfid: this.gfid, flags: 0, dict, xdata };
    await destination.fops.setxattr(request, { timeoutMs: fopTimeoutMs });
  }

  async #make(fence: Epoch): Promise<void> {
    const { destination, sourceName, sourceId, fopTimeoutMs } = this.#world;
    const { pargfid, bname } = this.link;
    const base = new Map([["gfid-req", gfidValue(this.gfid)]]);
    const xdata = xdataOf({ linkto: sourceName, fence, source: sourceId }, base);
    const mode = FileType.regular | LINK_FILE_PERMISSIONS;
    try {
      await destination.fops.mknod({ pargfid, bname, dev: 0n, mode, xdata }, { timeoutMs: fopTimeoutMs });
      this.#raiseAbortFence(fence);
    } catch (error) {
      if (isErrno(error, Errno.EEXIST)) return this.#adopt(fence);
      const known = toPortError(error);
      if (known !== error) this.#isUnclear = this.#abortFence === undefined;
      throw known;
    }
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

function rethrow(error: unknown): never {
  throw toPortError(error);
}
