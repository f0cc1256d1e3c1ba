import { type CopyProgress, type CopyResult } from "@brickshift/transaction";
import { Errno, type Gfid, isProtocolError, type ParentLink } from "@brickshift/wire";
import type { GrantedLease } from "./brick-leases.js";
import { failedOutcome, isSourceGone } from "./failed-outcome.js";
import { type FileAttributes, readAttributes, toldAttributes } from "./file-attributes.js";
import { FileDestination } from "./file-destination.js";
import { FileSource } from "./file-source.js";
import { flip, type FlipState } from "./flip.js";
import { fopErrorOf, isErrno, isRevoked, isUnanswered } from "./fop-failure.js";
import { targetOf } from "./held-targets.js";
import { missingNames, reconcileNames } from "./link-names.js";
import { LockLost, MigrationLock } from "./migration-lock.js";
import type { Outcome } from "./outcome.js";
import { isRebalanceError } from "./rebalance-error.js";
import { patienceOf, patienceWithLock, type RunContext } from "./run-context.js";
import { settleFlip } from "./settle-flip.js";
import { SourceMoved } from "./source-errors.js";
import { needDroppable } from "./target-fate.js";
import { TargetLost } from "./target-lost.js";
import { sleepUntil } from "./throttle-driver.js";
import { untilAnswered } from "./until-answered.js";

/** A regular file to be moved, as the crawl met it. */
export interface FileToMove {
  readonly gfid: Gfid;
  /** For messages. */
  readonly path: string;
  readonly link: ParentLink;
  /** Its size when it was met. */
  readonly sizeBytes: number;
  /** Whether it took less room than that. */
  readonly isSparse: boolean;
}

/** Chunks of a file with holes: where a whole chunk is zero, the destination gets a hole too. */
const SPARSE_CHUNK_BYTES = 524_288;

/** Moves one regular file. Never rejects, but for a broken invariant or a failed journal. */
export async function moveFile(context: RunContext, file: FileToMove): Promise<Outcome> {
  const { attemptsMax, stepPauseMs, fopTimeoutMs } = context.options;
  const { scheduler, random } = context.world;
  const lock = new MigrationLock(context.source, file.gfid, fopTimeoutMs, random.bytes(8), context.isResumed);
  for (let attempt = 1; ; attempt += 1) {
    const { outcome, again } = await new FileMove(context, file, lock, attempt > 1).run();
    if (!again || attempt >= attemptsMax || context.signal.aborted) return outcome;
    await sleepUntil(scheduler, scheduler.nowMs() + random.next() * stepPauseMs * 2 ** attempt);
  }
}

interface Attempt {
  readonly outcome: Outcome;
  /** Whether another attempt may do better. */
  readonly again: boolean;
}

/** One attempt at one file, from an empty target to the flip, or back to nothing. */
class FileMove {
  readonly #context: RunContext;
  readonly #file: FileToMove;
  readonly #isLocked: boolean;
  readonly #source: FileSource;
  readonly #destination: FileDestination;
  readonly #lock: MigrationLock;
  readonly #state: FlipState = { phase: "begun" };
  #attributes: { readonly leaseId: string; readonly read: Promise<FileAttributes> } | undefined;
  #intended: Promise<void> = Promise.resolve();
  /** Leases that the copy has had so far. */
  #leases = 0;
  /** The exclusive lease, from the copy's end to its own. */
  #lease: GrantedLease | undefined;

  /** @param isLocked whether to hold the lock from the start, whatever the size: an attempt before needed several leases. */
  constructor(context: RunContext, file: FileToMove, lock: MigrationLock, isLocked: boolean) {
    this.#context = context;
    this.#file = file;
    this.#lock = lock;
    this.#isLocked = isLocked;
    const { options, throttle, source, sourceName, sourceId, destination, tally } = context;
    const { fopTimeoutMs, clientLockWaitMs, stepPauseMs } = options;
    const { scheduler } = context.world;
    const wholeBytesMax = file.sizeBytes <= options.wholeFileBytesMax ? options.wholeFileBytesMax : 0;
    const waits = { scheduler, fopTimeoutMs, clientLockWaitMs, stepPauseMs };
    this.#source = new FileSource(
      file.gfid,
      { brick: source, leases: context.sourceLeases, throttle, wholeBytesMax, ...waits },
      (lease) => this.#onExclusive(lease),
    );
    this.#destination = new FileDestination(
      file.link,
      {
        source,
        sourceName,
        sourceId,
        destination,
        leases: context.destinationLeases,
        fopTimeoutMs,
        needDroppable: () => this.#needDroppable(),
        intended: () => this.#intended,
        onWritten: (bytes) => tally.written(bytes),
      },
      this.#source,
      this.#lock,
    );
  }

  async run(): Promise<Attempt> {
    try {
      const bytes = await this.#move();
      await this.#giveBack();
      return { outcome: { type: "moved", bytes }, again: false };
    } catch (error) {
      return this.#undo(error);
    }
  }

  async #move(): Promise<number> {
    if (this.#isLocked) await this.#lock.takePatiently(patienceWithLock(this.#context));
    const isSmall = this.#file.sizeBytes <= this.#context.options.smallFileBytesMax;
    const from = isSmall ? undefined : await this.#copyBeforehand();
    await this.#copy("exclusive", from);
    const lease = this.#lease;
    if (lease === undefined) throw new Error("invariant broken: an exclusive copy hands its lease over");
    // Between two leases only the lock keeps another runner from emptying the target.
    const needsLock = this.#leases > 1 || this.#lock.isTaken;
    if (needsLock && !this.#lock.isHeldOver(lease.session)) throw new LockLost();
    const [attributes, stat, present] = await Promise.all([
      this.#attributesUnder(lease),
      this.#source.stat(lease),
      this.#destination.leasedNames(this.#context.signal),
    ]);
    await this.#matchNames(attributes.links, present);
    const { gfid, path } = this.#file;
    await flip(
      this.#context,
      { gfid, path, lease, stat, attributes, destination: this.#destination, intended: this.#intended },
      this.#state,
    );
    return stat.size;
  }

  /**
   * Copies while others work on, until little is left. What is copied is brought to the disk before the exclusive lease is
   * asked for: else everybody would wait for that. It takes its time, so what changed meanwhile is copied once more.
   */
  async #copyBeforehand(): Promise<CopyProgress> {
    await this.#lock.takePatiently(patienceWithLock(this.#context));
    const copied = await this.#copy("shared");
    const fence = this.#source.lease?.epoch;
    if (fence === undefined) throw new Error("invariant broken: a copy has had a lease");
    await this.#destination.sync(fence);
    const again = await this.#copy("shared", copied);
    await this.#destination.sync(this.#source.lease?.epoch ?? fence);
    return again;
  }

  async #copy(mode: "shared" | "exclusive", from?: CopyProgress): Promise<CopyProgress> {
    const { copier, tally, signal } = this.#context;
    const ends = { source: this.#source, destination: this.#destination };
    const { sizeBytes: sizeHintBytes, isSparse } = this.#file;
    const plan = {
      mode,
      sizeHintBytes,
      ...(isSparse && { chunkBytesMax: SPARSE_CHUNK_BYTES }),
      ...(from !== undefined && { from }),
    };
    const result: CopyResult = await copier.copy(ends, plan, signal);
    tally.copied(result.report);
    this.#leases += result.report.leases;
    if (!result.ok) throw result.error;
    // The grant that the port gave is the one that the copy hands over.
    if (mode === "exclusive") this.#lease = this.#source.lease;
    return result.progress;
  }

  #onExclusive(lease: GrantedLease): void {
    this.#destination.wantLease();
    void this.#readAttributes(lease);
    const { gfid, path, link } = this.#file;
    const intent = { gfid, path, link, fence: String(lease.epoch), phase: "intent" } as const;
    this.#intended = this.#context.journal.intent(intent);
    this.#intended.catch(() => {});
  }

  #readAttributes(lease: GrantedLease): Promise<FileAttributes> {
    const { source, options } = this.#context;
    const told = toldAttributes(lease);
    const read =
      told === undefined
        ? readAttributes(source, this.#file.gfid, options.fopTimeoutMs, lease)
        : Promise.resolve(told);
    // Wanted only if the copy under this lease comes to its end.
    read.catch(() => {});
    this.#attributes = { leaseId: lease.leaseId, read };
    return read;
  }

  /** A link file that is no target, or another source's, is for the brick to judge. */
  async #needDroppable(): Promise<void> {
    const target = await targetOf(this.#context, this.#file.gfid);
    if (target?.source === this.#context.sourceId) await needDroppable(this.#context, target);
  }

  #attributesUnder(lease: GrantedLease): Promise<FileAttributes> {
    const known = this.#attributes;
    return known?.leaseId === lease.leaseId ? known.read : this.#readAttributes(lease);
  }

  async #matchNames(wanted: readonly ParentLink[], present: readonly ParentLink[]): Promise<void> {
    const { destination, directories, options } = this.#context;
    const { fopTimeoutMs } = options;
    const { gfid } = this.#file;
    if (missingNames(wanted, present).length + missingNames(present, wanted).length === 0) return;
    // It is prepared, and the brick lets nobody take a name of it away.
    if (this.#destination.isPut) throw new TargetLost(destination.brick);
    const xdata = this.#destination.leaseXdata;
    await reconcileNames({
      destination,
      directories,
      fopTimeoutMs,
      gfid,
      wanted,
      present,
      isLinkFile: true,
      xdata,
    });
  }

  /** Gives everything back; nothing of it matters for the file any more, so nothing of it can fail. */
  async #giveBack(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    await Promise.all([
      lease === undefined ? undefined : this.#unlock(lease).catch(() => {}),
      this.#destination.unlock(),
    ]);
    this.#source.close();
    await this.#lock.release();
  }

  #unlock(lease: GrantedLease): Promise<void> {
    return this.#state.phase === "published"
      ? this.#source.unlockPublished(lease)
      : this.#source.unlock(lease);
  }

  /** Cleans up after a failure and says what it means. */
  async #undo(error: unknown): Promise<Attempt> {
    const { path, gfid } = this.#file;
    if (this.#state.phase === "committed" || this.#state.phase === "undecided") {
      await this.#giveBack();
      return { outcome: failedOutcome(path, error), again: false };
    }
    const isLeft = await this.#abort();
    await this.#giveBack();
    const kept = this.#destination.isUnclear ? await this.#settleUnclear() : isLeft;
    if (!kept) await this.#context.journal.done(gfid);
    const moved = movedTo(error);
    if (moved !== undefined) return { outcome: await this.#afterOther(moved, error), again: false };
    if (isSourceGone(error)) return { outcome: { type: "vanished" }, again: false };
    return { outcome: failedOutcome(path, error), again: mayGoBetter(error) };
  }

  /**
   * Nobody knows whether the target was made, nor whose the one is that may be there: who may drop it says the source. Its
   * leases and its lock are given back by now. @returns whether it may be there still.
   */
  async #settleUnclear(): Promise<boolean> {
    const settled = await settleFlip(this.#context, this.#file);
    return settled.type === "settled" && settled.outcome.type === "failed";
  }

  /** Another runner was quicker: sees that what it began is ended. */
  async #afterOther(linkto: string, error: unknown): Promise<Outcome> {
    const { destinationName } = this.#context;
    if (linkto !== destinationName) return { type: "skipped", reason: "link-elsewhere" };
    const settled = await settleFlip(this.#context, this.#file);
    return settled.type === "untouched" ? failedOutcome(this.#file.path, error) : settled.outcome;
  }

  /** Removes the target. @returns whether it may be there still. */
  async #abort(): Promise<boolean> {
    const fence = this.#destination.abortFence;
    if (fence === undefined) return false;
    try {
      await untilAnswered(() => this.#destination.step("abort", fence), patienceOf(this.#context));
      return false;
    } catch (error) {
      // Gone, another runner's, or no target: nothing of ours is left. Any other answer may leave it there.
      return !(isErrno(error, Errno.ENOENT) || isErrno(error, Errno.ESTALE) || isErrno(error, Errno.EINVAL));
    }
  }
}

function movedTo(error: unknown): string | undefined {
  for (let at = error, hops = 0; at instanceof Error && hops < 16; at = at.cause, hops += 1) {
    if (at instanceof SourceMoved) return at.linkto;
    if (isRebalanceError(at)) return undefined;
  }
  const fop = fopErrorOf(error);
  const isOfCopy = isProtocolError(error) && error.code === "TRANSACTION_SOURCE_FAILED";
  return fop?.code === "FOP_MOVED" && isOfCopy ? fop.linkto : undefined;
}

/** A lost lock or lease, or a lack of answers: worth another attempt. A refusal of the brick is not. */
function mayGoBetter(error: unknown): boolean {
  if (isOfLostAttempt(error)) return true;
  if (isRebalanceError(error)) return false;
  if (isProtocolError(error) && error.code.startsWith("TRANSACTION_")) {
    return error.code === "TRANSACTION_OUTCOME_UNKNOWN";
  }
  return isUnanswered(error) || isRevoked(error) || isErrno(error, Errno.EAGAIN);
}

/** Whether it comes of a lost lock or target, also when a copy met it. */
function isOfLostAttempt(error: unknown): boolean {
  for (let at = error, hops = 0; at instanceof Error && hops < 16; at = at.cause, hops += 1) {
    if (at instanceof LockLost || at instanceof TargetLost) return true;
    if (isRebalanceError(at)) return false;
  }
  return false;
}
