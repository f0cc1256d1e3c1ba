import type { Lease } from "@brickshift/transaction";
import {
  CONTENT_KEY,
  dictBytes,
  type Dict,
  type Epoch,
  type Extent,
  getXdata,
  type Gfid,
  type Iatt,
  invariant,
  LeaseCmd,
  type LeaseId,
  leaseIdFromRandom,
  LeaseType,
  type ParentLink,
  uintValue,
  xdataOf,
} from "@brickshift/wire";
import { isRevoked, isUnanswered, isUnreadable, toLeaseError, toPortError } from "./fop-failure.js";
import type { RebalanceOptions } from "./options.js";
import type { BrickPort, World } from "./ports.js";
import { unlessAborted } from "./unless-aborted.js";

/** What a data lease is asked for. */
export interface LeaseWish {
  readonly gfid: Gfid;
  readonly mode: "shared" | "exclusive";
  readonly dirtySince?: Epoch;
  /** What the brick is asked to tell of the inode with an exclusive lease: its names, or its xattrs too. */
  readonly tell?: "names" | "attributes";
  /** The content too, of a file of at most so many bytes; with `attributes`. */
  readonly contentBytesMax?: number;
  /** The lease-id to use, fresh by default. */
  readonly leaseId?: LeaseId;
}

/** A data lease that was granted. */
export interface GrantedLease {
  readonly leaseId: LeaseId;
  readonly epoch: Epoch;
  readonly dirty: readonly Extent[] | "unknown" | undefined;
  /** POSIX locks that clients had on the file when it was granted. */
  readonly locks: number;
  /** Names that the file had when an exclusive lease was granted; `undefined` when the brick did not tell. */
  readonly links: readonly ParentLink[] | undefined;
  /** Its xattrs, likewise. */
  readonly xattrs: ReadonlyMap<string, Uint8Array> | undefined;
  /** All its data, and the attributes that go with it, likewise. */
  readonly whole: WholeData | undefined;
  /** The connection that it hangs on. */
  readonly session: number;
}

/** The data of a small file, as a brick told it with an exclusive lease. */
export interface WholeData {
  readonly content: Uint8Array;
  readonly stat: Iatt;
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

type RecallListener = (revokedInMs: number | undefined) => void;

/**
 * The data leases of one run on one brick: asks, gives back also what was granted to nobody any more, and tells each
 * file of its recalls.
 */
export class BrickLeases {
  readonly #brick: BrickPort;
  readonly #world: World;
  readonly #leaseTimeoutMs: number;
  readonly #fopTimeoutMs: number;
  readonly #settleTimeoutMs: number;
  readonly #listeners = new Map<Gfid, Set<RecallListener>>();
  /** Leases that may be held although nobody uses them: an unlock or a request had no answer. */
  readonly #dangling = new Map<Gfid, Set<LeaseId>>();
  readonly #underWay = new Set<Promise<void>>();
  #held = 0;
  #granted = 0;

  constructor(
    brick: BrickPort,
    world: World,
    timeouts: Pick<RebalanceOptions, "leaseTimeoutMs" | "fopTimeoutMs" | "settleTimeoutMs">,
  ) {
    this.#brick = brick;
    this.#world = world;
    this.#leaseTimeoutMs = timeouts.leaseTimeoutMs;
    this.#fopTimeoutMs = timeouts.fopTimeoutMs;
    this.#settleTimeoutMs = timeouts.settleTimeoutMs;
  }

  /** Leases held now, as far as is known. */
  get held(): number {
    return this.#held;
  }

  /** Leases granted in all. */
  get granted(): number {
    return this.#granted;
  }

  /** Begins to hear recalls; the end of it is returned. */
  listen(): () => void {
    return this.#brick.onRecall(({ gfid, deadlineMs }) => {
      for (const leaseId of this.#dangling.get(gfid) ?? []) this.#giveBack(gfid, leaseId);
      const revokedInMs =
        deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - this.#world.scheduler.nowMs());
      for (const listener of this.#listeners.get(gfid) ?? []) listener(revokedInMs);
    });
  }

  /** Hears of the recalls of one inode; the end of it is returned. */
  onRecall(gfid: Gfid, listener: RecallListener): () => void {
    const listeners = this.#listeners.get(gfid) ?? new Set();
    this.#listeners.set(gfid, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(gfid);
    };
  }

  newLeaseId(): LeaseId {
    return leaseIdFromRandom(this.#world.random.bytes(15));
  }

  /**
   * Takes a lease; the brick answers when it is granted. When `signal` aborts it rejects at once, and the request is taken
   * back, or what is granted all the same. Rejections are those of a `Source` of `@brickshift/transaction`.
   */
  async acquire(wish: LeaseWish, signal?: AbortSignal): Promise<GrantedLease> {
    const { gfid, mode, dirtySince, tell, contentBytesMax, leaseId = this.newLeaseId() } = wish;
    const leaseType = mode === "exclusive" ? LeaseType.readWrite : LeaseType.read;
    const lease = { cmd: LeaseCmd.set, leaseType, leaseId, leaseFlags: 0 };
    const base = contentBytesMax === undefined ? null : new Map([[CONTENT_KEY, uintValue(contentBytesMax)]]);
    const told = {
      leaseScope: "data",
      ...(dirtySince !== undefined && { dirtySince }),
      ...(tell !== undefined && { links: [] }),
      ...(tell === "attributes" && { xattrs: NO_XATTRS }),
    } as const;
    const xdata = xdataOf(told, base);
    const asked = this.#brick.fops.lease({ gfid, lease, xdata }, { timeoutMs: this.#leaseTimeoutMs });
    try {
      const reply = await unlessAborted(asked, signal);
      const epoch = getXdata(reply.xdata, "leaseEpoch");
      invariant(epoch !== undefined, "a data lease has an epoch");
      const dirty = getXdata(reply.xdata, "dirtyExtents");
      const locks = getXdata(reply.xdata, "locks") ?? 0;
      const links = getXdata(reply.xdata, "links");
      const xattrs = getXdata(reply.xdata, "xattrs");
      const whole = wholeOf(reply.xdata);
      const { session } = this.#brick;
      this.count();
      return { leaseId, epoch, dirty, locks, links, xattrs, whole, session };
    } catch (error) {
      const known = toLeaseError(error);
      // It may be granted yet, with nobody to use it, unless the brick refused.
      if (signal?.aborted === true) this.#withdraw(gfid, leaseId, asked);
      else if (isUnanswered(error)) this.#giveBack(gfid, leaseId, true);
      else if (isUnreadable(error)) this.#giveBack(gfid, leaseId);
      throw known;
    }
  }

  /**
   * Gives a lease back. Rejects as `Source.unlock` does; what had no answer is tried again in the background. With the epoch
   * the brick tells a lease that it revoked from one that it never knew, also after a disconnect.
   * @param isPublished whether what was committed on this inode is shown by the other brick now: then the brick need not
   *   remember the commit any more
   */
  async unlock(gfid: Gfid, { leaseId, epoch }: Lease, isPublished = false): Promise<void> {
    this.#held -= 1;
    try {
      await this.#sendUnlock(gfid, leaseId, epoch, isPublished);
    } catch (error) {
      const known = toPortError(error);
      if (known !== error && !isRevoked(known)) this.#giveBack(gfid, leaseId);
      throw known;
    }
  }

  /**
   * Asks to end a lease, whoever gives it back later, or a request for one that still waits. Rejects only when there is no
   * answer: a brick that refuses may hold it for an earlier connection of ours, and revokes it for the next who asks.
   */
  async end(gfid: Gfid, leaseId: LeaseId): Promise<void> {
    await this.#sendUnlock(gfid, leaseId).catch((error: unknown) => {
      if (isUnanswered(error)) throw error;
    });
  }

  /** Gives a lease that nobody has a use for back in the background; {@link settle} waits for it. */
  drop(gfid: Gfid, { leaseId }: Lease): void {
    this.#held -= 1;
    this.#giveBack(gfid, leaseId);
  }

  /** A lease was granted, perhaps by another call than a LEASE. */
  count(): void {
    this.#held += 1;
    this.#granted += 1;
  }

  /**
   * A request for a lease along with something else had no answer that could be read: it may be held all the same, now or later, by
   * nobody. It is given back now, and again when it is recalled.
   */
  mayBeHeld(gfid: Gfid, leaseId: LeaseId): void {
    this.#giveBack(gfid, leaseId, true);
  }

  /** A lease that is known to be gone. */
  forget(): void {
    this.#held -= 1;
  }

  /**
   * Waits until everything is given back, `settleTimeoutMs` at most: what has no answer by then ends with the connection.
   * Nothing may be asked for any more.
   */
  async settle(): Promise<void> {
    const { scheduler } = this.#world;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = scheduler.at(scheduler.nowMs() + this.#settleTimeoutMs, resolve);
    });
    await Promise.race([this.#drain(), late]);
    cancel();
  }

  async #drain(): Promise<void> {
    // What is answered may lead to more that is to be given back.
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #sendUnlock(gfid: Gfid, leaseId: LeaseId, epoch?: Epoch, isPublished = false): Promise<void> {
    const lease = { cmd: LeaseCmd.unlock, leaseType: LeaseType.none, leaseId, leaseFlags: 0 };
    const named = epoch === undefined ? null : xdataOf({ leaseEpoch: epoch });
    const xdata = epoch !== undefined && isPublished ? xdataOf({ published: epoch }, named) : named;
    await this.#brick.fops.lease({ gfid, lease, xdata }, { timeoutMs: this.#fopTimeoutMs });
  }

  /** The brick takes calls of one connection in order: the UNLOCK finds the request waiting, or the lease. */
  #withdraw(gfid: Gfid, leaseId: LeaseId, asked: Promise<unknown>): void {
    this.#giveBack(gfid, leaseId, true);
    const end = asked.then(
      () => this.#giveBack(gfid, leaseId),
      (error: unknown) => {
        if (isUnanswered(error)) this.#giveBack(gfid, leaseId, true);
        else this.#settled(gfid, leaseId);
      },
    );
    this.#track(end);
  }

  /** @param mayComeLate whether it may be granted only after this, so that it is to be kept in mind. */
  #giveBack(gfid: Gfid, leaseId: LeaseId, mayComeLate = false): void {
    const ids = this.#dangling.get(gfid) ?? new Set();
    this.#dangling.set(gfid, ids);
    ids.add(leaseId);
    const work = this.#sendUnlock(gfid, leaseId).then(
      () => {
        if (!mayComeLate) this.#settled(gfid, leaseId);
      },
      // Answered is answered: it is not held. Without an answer a recall will remind us, or the connection is gone.
      (error: unknown) => {
        const isAnswered = toPortError(error) === error || isRevoked(toPortError(error));
        if (isAnswered && !mayComeLate) this.#settled(gfid, leaseId);
      },
    );
    this.#track(work);
  }

  /** Lets {@link settle} wait for `work`, however it ends. */
  #track(work: Promise<unknown>): void {
    const ended = work.then(
      () => {},
      () => {},
    );
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
  }

  #settled(gfid: Gfid, leaseId: LeaseId): void {
    const ids = this.#dangling.get(gfid);
    ids?.delete(leaseId);
    if (ids?.size === 0) this.#dangling.delete(gfid);
  }
}

/** All of a file, when there is as much content as its attributes say. */
function wholeOf(xdata: Dict | null): WholeData | undefined {
  const content = dictBytes(xdata, CONTENT_KEY);
  const stat = content === undefined ? undefined : getXdata(xdata, "attributes");
  if (content === undefined || stat === undefined) return undefined;
  return stat.size === content.length ? { content, stat } : undefined;
}
