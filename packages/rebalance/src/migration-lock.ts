import { Errno, type Gfid, LkCmd, LockType, MIGRATION_LOCK_DOMAIN } from "@brickshift/wire";
import { isErrno, isGone, isUnanswered, toPortError } from "./fop-failure.js";
import type { BrickPort, Scheduler } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone } from "./source-errors.js";
import { sleepUntil } from "./throttle-driver.js";

/** How long to wait for a lock that somebody has. */
export interface LockPatience {
  readonly scheduler: Scheduler;
  /** While it may be our own. */
  readonly lockWaitMs: number;
  /** While it is not: a client that renames a file has the same lock for a moment. */
  readonly foreignLockWaitMs: number;
  readonly stepPauseMs: number;
  readonly signal: AbortSignal;
}

/** Longest pause between two looks at a lock that is waited for, in ms. */
export const PAUSE_MS_MAX = 1_000;

/**
 * The lock of a file while it is copied under more than one lease.
 *
 * A migration target can be taken over by any runner with a newer lease, which empties it. Between two leases
 * of one runner nothing else would keep another out, and the first would then go on as if its data were
 * there. So: who copies under several leases holds this lock from before the first to the last, over one
 * connection; and who takes a target over holds it too.
 *
 * A brick may hold the lock of a connection that was lost until it notices the loss itself. So one of these lasts as long as
 * the attempts at its file, and knows whether it may stand in its own way.
 */
export class MigrationLock {
  readonly #brick: BrickPort;
  readonly #gfid: Gfid;
  readonly #fopTimeoutMs: number;
  readonly #owner: Uint8Array;
  #session: number | undefined;
  /** Whether the brick may hold it for an earlier connection of ours. */
  #mayLinger: boolean;

  /**
   * @param owner 8 random bytes: two runs over one connection exclude each other too
   * @param isResumed whether the run goes on with another process's, whose connection the brick may not have given up yet
   */
  constructor(brick: BrickPort, gfid: Gfid, fopTimeoutMs: number, owner: Uint8Array, isResumed = false) {
    this.#mayLinger = isResumed;
    this.#brick = brick;
    this.#gfid = gfid;
    this.#fopTimeoutMs = fopTimeoutMs;
    this.#owner = owner;
  }

  /** Whether it was taken, and not given back. */
  get isTaken(): boolean {
    return this.#session !== undefined;
  }

  /** Whether it is held over the connection `session`, without a break since it was taken. */
  isHeldOver(session: number): boolean {
    return this.#session === session;
  }

  /**
   * Takes it, or rejects: with `REBALANCE_OTHER_RUNNER` when another process has it, with {@link LockLost} when an earlier
   * connection of ours may have it. Other rejections are those of a port of a copy.
   */
  async take(): Promise<void> {
    const { session } = this.#brick;
    if (this.#session === session) return;
    if (this.#session !== undefined) this.#mayLinger = true;
    this.#session = undefined;
    try {
      await this.#send(LockType.write);
    } catch (error) {
      if (isGone(error)) throw new SourceGone({ cause: error });
      if (isUnanswered(error)) this.#mayLinger = true;
      if (!isErrno(error, Errno.EAGAIN)) throw toPortError(error);
      throw this.#mayLinger ? new LockLost({ cause: error }) : this.#heldBy("another process", error);
    }
    // Taken over a later connection than thought it is not known to be held: the next look finds that out.
    this.#session = session;
    this.#mayLinger = false;
  }

  /**
   * Takes it as {@link take} does, but waits while an earlier connection of ours may have it, `lockWaitMs` at most, and while
   * somebody else has it, `foreignLockWaitMs` at most; then it rejects with `REBALANCE_OTHER_RUNNER`. Rejects with the
   * reason of `signal` when that aborts. Not to be called while a lease is held: those who wait for that would wait as well.
   * Source: a rename by the distribute translator of 10.3 holds it from before to after its fops.
   */
  async takePatiently(patience: LockPatience): Promise<void> {
    const { scheduler, lockWaitMs, foreignLockWaitMs, stepPauseMs, signal } = patience;
    const startedAtMs = scheduler.nowMs();
    for (let pauseMs = Math.max(1, stepPauseMs); ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      try {
        return await this.take();
      } catch (error) {
        const mayBeOurs = error instanceof LockLost;
        if (!mayBeOurs && !isForeign(error)) throw error;
        const nowMs = scheduler.nowMs();
        const deadlineMs = startedAtMs + (mayBeOurs ? lockWaitMs : foreignLockWaitMs);
        if (nowMs >= deadlineMs && mayBeOurs) {
          throw this.heldByEarlier(lockWaitMs, error);
        }
        if (nowMs >= deadlineMs) throw error;
        await sleepUntil(scheduler, Math.min(nowMs + pauseMs, deadlineMs), signal);
      }
    }
  }

  /** Gives it back if it is held. Never rejects: without an answer the end of the connection does it. */
  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    if (session !== this.#brick.session) {
      this.#mayLinger = true;
      return;
    }
    await this.#send(LockType.unlock).catch((error: unknown) => {
      if (isUnanswered(error)) this.#mayLinger = true;
    });
  }

  /** The error for a lock that was waited for, `waitedMs`, because an earlier connection of ours may have held it. */
  heldByEarlier(waitedMs: number, cause: unknown): RebalanceError {
    return this.#heldBy(`an earlier connection of this run or another process, after ${waitedMs} ms,`, cause);
  }

  #heldBy(holder: string, cause: unknown): RebalanceError {
    const lock = `the lock ${MIGRATION_LOCK_DOMAIN} of ${this.#gfid} on ${this.#brick.brick}`;
    const message = `${holder} holds ${lock}; wait until it is free, or end its holder, and run again`;
    return new RebalanceError("REBALANCE_OTHER_RUNNER", message, { cause });
  }

  async #send(type: number): Promise<void> {
    const flock = { type, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
    const request = { gfid: this.#gfid, cmd: LkCmd.setlk, type, flock, volume: MIGRATION_LOCK_DOMAIN };
    // The brick knows an owner by the header of the call, not by what the lock says.
    const auth = { lkOwner: this.#owner };
    await this.#brick.fops.inodelk(request, { timeoutMs: this.#fopTimeoutMs, auth });
  }
}

function isForeign(error: unknown): boolean {
  return error instanceof RebalanceError && error.code === "REBALANCE_OTHER_RUNNER";
}

/** The lock went with its connection: what is on the destination may be another runner's. Worth another attempt. */
export class LockLost extends RebalanceError {
  constructor(options?: ErrorOptions) {
    const message = "the connection to the source was lost while the file was copied; see that it is up";
    super("REBALANCE_UNREACHABLE", `${message}, and go on with resume`, options);
  }
}
