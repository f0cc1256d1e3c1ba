import type { ClientUid, Epoch } from "@brickshift/wire";
import type { InodeLeases } from "./inode-leases.js";
import type {
  Admission,
  GatedFop,
  LeaseEffect,
  LeaseRequest,
  LeaseUnlock,
  UnlockOutcome,
} from "./lease-effect.js";
import { createLeaseManager, type LeaseManager } from "./lease-manager.js";
import type { LeaseOptionsInput } from "./options.js";
import type { Scheduler } from "./ports.js";

/**
 * Gives a {@link LeaseManager} its time and its hands. Effects are applied in order before the method that
 * caused them returns; `apply` may call the driver again, and what that leads to is applied after what is
 * already due. What `apply` throws is nobody's answer: the other effects are applied, and the scheduler runs into it.
 */
export class LeaseDriver<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest> {
  /** The core: ask it whatever has no effects (`inode`, `extentsSince`, `markModified`, `holdsExclusive`). */
  readonly manager: LeaseManager<Fop, Request>;
  readonly #scheduler: Scheduler;
  readonly #apply: (effect: LeaseEffect<Fop, Request>) => void;
  #isApplying = false;
  #armedMs: number | undefined;
  #disarm = () => {};

  constructor(
    manager: LeaseManager<Fop, Request>,
    scheduler: Scheduler,
    apply: (effect: LeaseEffect<Fop, Request>) => void,
  ) {
    this.manager = manager;
    this.#scheduler = scheduler;
    this.#apply = apply;
  }

  /** See {@link LeaseManager.admit}. */
  admit(inode: InodeLeases<Fop, Request>, fop: Fop): Admission {
    const admission = this.manager.admit(inode, fop, this.#scheduler.nowMs());
    this.#carryOut();
    return admission;
  }

  /** See {@link LeaseManager.finish}. */
  finish(inode: InodeLeases<Fop, Request>, fop: Fop): void {
    this.manager.finish(inode, fop, this.#scheduler.nowMs());
    this.#carryOut();
  }

  /** See {@link LeaseManager.request}. */
  request(inode: InodeLeases<Fop, Request>, request: Request): void {
    this.manager.request(inode, request, this.#scheduler.nowMs());
    this.#carryOut();
  }

  /** See {@link LeaseManager.unlock}. */
  unlock(inode: InodeLeases<Fop, Request>, unlock: LeaseUnlock): UnlockOutcome {
    const outcome = this.manager.unlock(inode, unlock, this.#scheduler.nowMs());
    this.#carryOut();
    return outcome;
  }

  /** See {@link LeaseManager.disconnect}. */
  disconnect(client: ClientUid): void {
    this.manager.disconnect(client, this.#scheduler.nowMs());
    this.#carryOut();
  }

  /** See {@link LeaseManager.revokeInode}. */
  revokeInode(inode: InodeLeases<Fop, Request>): void {
    this.manager.revokeInode(inode, this.#scheduler.nowMs());
    this.#carryOut();
  }

  /** See {@link LeaseManager.removeInode}. */
  removeInode(inode: InodeLeases<Fop, Request>): void {
    this.manager.removeInode(inode, this.#scheduler.nowMs());
    this.#carryOut();
  }

  /** Lets go of the timer. Leases stay as they are. */
  close(): void {
    this.#disarm();
    this.#armedMs = undefined;
  }

  #carryOut(): void {
    // A call from within `apply` leaves its effects to the loop outside, which keeps them in order.
    if (this.#isApplying) return;
    this.#isApplying = true;
    for (let batch = this.manager.takeEffects(); batch.length > 0; batch = this.manager.takeEffects()) {
      for (const effect of batch) {
        try {
          this.#apply(effect);
        } catch (fault) {
          // The others have been decided: a fop that is not resumed now never is.
          this.#throwApart(fault);
        }
      }
    }
    this.#isApplying = false;
    this.#arm();
  }

  /** Not to the caller, whom it would tell that a fop is refused which is blocked, or a lease held that is given back. */
  #throwApart(fault: unknown): void {
    this.#scheduler.at(this.#scheduler.nowMs(), () => {
      throw fault;
    });
  }

  #arm(): void {
    const deadlineMs = this.manager.deadlineMs;
    if (deadlineMs === this.#armedMs) return;
    this.#disarm();
    this.#disarm = () => {};
    this.#armedMs = deadlineMs;
    if (deadlineMs === undefined) return;
    this.#disarm = this.#scheduler.at(deadlineMs, () => {
      // A timer may fire early: forgetting that it was armed makes it armed again.
      this.#armedMs = undefined;
      this.manager.tick(this.#scheduler.nowMs());
      this.#carryOut();
    });
  }
}

/**
 * A lease manager with its time and its hands.
 * @throws ZodError when `options` do not parse.
 */
export function driveLeases<Fop extends GatedFop = GatedFop, Request extends LeaseRequest = LeaseRequest>(
  options: LeaseOptionsInput,
  firstEpoch: Epoch,
  scheduler: Scheduler,
  apply: (effect: LeaseEffect<Fop, Request>) => void,
): LeaseDriver<Fop, Request> {
  return new LeaseDriver(createLeaseManager<Fop, Request>(options, firstEpoch), scheduler, apply);
}
