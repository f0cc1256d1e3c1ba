import { BrickError } from "../brick-error.js";
import type { LockEffect, LockRequestId } from "../locks/lock-effect.js";
import type { FopCall } from "./fop-call.js";

/**
 * Takes a lock by `step`, and waits for it when it has to, which only a fop that `waits` does. A fop that
 * waits has left the lease gate.
 * @throws what `step` throws; {@link BrickError} `LOCK_LIMIT` when its turn comes and it no longer fits, or too
 *   many calls wait.
 */
export function takeLock(
  fop: FopCall,
  waits: boolean,
  step: (request: LockRequestId) => readonly LockEffect[],
): Promise<void> | undefined {
  const { lockWaiters } = fop.brick;
  if (fop.owner.isGone) throw new BrickError("LOCK_LIMIT", "the client is gone");
  if (waits && !fop.mayWait()) throw new BrickError("LOCK_LIMIT", "too many calls of this connection wait");
  const request = lockWaiters.next();
  if (lockWaiters.apply(step(request), request)) return undefined;
  fop.leaveGate();
  return lockWaiters.wait(request).then((outcome) => {
    if (outcome !== "granted") throw new BrickError("LOCK_LIMIT", `the lock was ${outcome}`);
  });
}
