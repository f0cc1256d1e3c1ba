import type { Gfid } from "@brickshift/wire";
import type { BrickLeases, GrantedLease, LeaseWish } from "./brick-leases.js";
import { isGone, toPortError } from "./fop-failure.js";
import type { BrickPort, Scheduler } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone } from "./source-errors.js";
import { sleepUntil } from "./throttle-driver.js";

/** What {@link acquireUnlocked} needs of its run. */
export interface UnlockedLeaseWorld {
  readonly brick: BrickPort;
  readonly leases: BrickLeases;
  readonly scheduler: Scheduler;
  readonly fopTimeoutMs: number;
  readonly clientLockWaitMs: number;
  /** First pause between two looks at the locks, in ms; it doubles. */
  readonly stepPauseMs: number;
}

/** Short, for a file that is locked again and again is free for moments only. */
const PAUSE_MS_MAX = 100;

/**
 * Takes an exclusive lease under which no client has a POSIX lock on the file: none is granted while it is held. Locks are
 * waited for without the lease, as their holders could neither write nor unlock under it.
 * Rejects as `BrickLeases.acquire`; `RebalanceError` `REBALANCE_LOCKED` after `clientLockWaitMs`.
 */
export async function acquireUnlocked(
  world: UnlockedLeaseWorld,
  wish: LeaseWish,
  signal: AbortSignal,
): Promise<GrantedLease> {
  const { leases, scheduler, clientLockWaitMs } = world;
  const untilMs = scheduler.nowMs() + clientLockWaitMs;
  for (;;) {
    const lease = await leases.acquire(wish, signal);
    if (lease.locks === 0) return lease;
    // Revoked is as good as given back.
    await leases.unlock(wish.gfid, lease).catch(() => {});
    await unlocked(world, wish.gfid, untilMs, signal);
  }
}

async function unlocked(
  { brick, scheduler, fopTimeoutMs, stepPauseMs }: UnlockedLeaseWorld,
  gfid: Gfid,
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = Math.max(1, stepPauseMs); ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const asked = brick.fops.getactivelk({ gfid }, { timeoutMs: fopTimeoutMs });
    const { locks } = await asked.catch((error: unknown) => {
      throw isGone(error) ? new SourceGone({ cause: error }) : toPortError(error);
    });
    const nowMs = scheduler.nowMs();
    if (nowMs >= untilMs) {
      const message = `clients hold ${locks.length} locks on it; run again when they are released`;
      throw new RebalanceError("REBALANCE_LOCKED", message);
    }
    if (locks.length === 0) return;
    await sleepUntil(scheduler, Math.min(untilMs, nowMs + pauseMs), signal);
  }
}
