import {
  type Admission,
  driveLeases,
  type LeaseDriver,
  type LeaseEffect,
  type LeaseName,
  type LeaseOptions,
  type LeaseType,
  type LeaseUnlock,
  type LeaseUsage,
  type RevokeReason,
  type Scheduler,
  type UnlockOutcome,
} from "@brickshift/lease-manager";
import type { ClientUid, Epoch, Extent, Gfid, LeaseId } from "@brickshift/wire";
import { InodeTable, type LiveInode } from "../server/inode-table.js";
import type { GatePass } from "./gate-pass.js";
import type { LeaseAsk } from "./lease-ask.js";

/** What the gate tells the brick. */
export interface LeaseGatePort {
  /** Send RECALL_LEASE to the holder; it has `recallMs` left, or for ever when `undefined`. */
  recall(lease: LeaseName, recallMs: number | undefined): void;
  /** The lease ended before its holder gave it back. */
  revoked(lease: LeaseName, reason: RevokeReason): void;
}

/**
 * The gate that every fop goes through. What the lease manager decides it hands on to whom it concerns; a
 * blocked fop is an entry in the manager's queue and nothing else.
 */
export class LeaseGate {
  /** The inodes that something runs on or that are open. */
  readonly inodes: InodeTable;
  readonly #leases: LeaseDriver<GatePass, LeaseAsk>;
  readonly #scheduler: Scheduler;
  readonly #port: LeaseGatePort;
  readonly #barriers = new Map<Gfid, Promise<void>>();
  #isTracking = false;

  constructor(options: LeaseOptions, firstEpoch: Epoch, scheduler: Scheduler, port: LeaseGatePort) {
    this.#scheduler = scheduler;
    this.#port = port;
    this.#leases = driveLeases<GatePass, LeaseAsk>(options, firstEpoch, scheduler, (effect) =>
      this.#apply(effect),
    );
    this.inodes = new InodeTable(this.#leases.manager);
  }

  /** How much of what is bounded is in use. */
  get usage(): LeaseUsage {
    return this.#leases.manager.usage;
  }

  /** Asks for a pass; what `blocked` leads to comes through its answer. @throws `LeaseError`. */
  admit(pass: GatePass): Admission {
    return this.#leases.admit(pass.leases, pass);
  }

  /** A fop that ran has ended. */
  finish(pass: GatePass): void {
    this.#leases.finish(pass.leases, pass);
  }

  /** Whether marks may matter: they do from the first request for a data lease on. */
  get isTracking(): boolean {
    return this.#isTracking;
  }

  /** Marks bytes as modified; to be called when a modifying fop may run, before it does. */
  markModified(gfid: Gfid, extent: Extent): void {
    this.#leases.manager.markModified(gfid, extent.offset, extent.length);
  }

  /** LEASE SET. @throws `LeaseError`; else it is answered through `ask.answer`, perhaps before this returns. */
  request(inode: LiveInode, ask: LeaseAsk): void {
    if (ask.scope === "data") this.#isTracking = true;
    this.#leases.request(inode.leases, ask);
  }

  /** LEASE UNLOCK. @throws `LeaseError`. */
  unlock(inode: LiveInode, unlock: LeaseUnlock): UnlockOutcome {
    return this.#leases.unlock(inode.leases, unlock);
  }

  /** LEASE GET. */
  heldTypes(inode: LiveInode): ReadonlySet<LeaseType> {
    return this.#leases.manager.heldTypes(inode.leases);
  }

  /** The bytes modified at `epoch` or after it; the last may have the length `Infinity`. */
  extentsSince(gfid: Gfid, epoch: Epoch): readonly Extent[] | "unknown" {
    return this.#leases.manager.extentsSince(gfid, epoch);
  }

  /** Whether the client holds the lease, exclusive, of scope `data`. */
  holdsExclusive(gfid: Gfid, client: ClientUid, leaseId: LeaseId, epoch: Epoch): boolean {
    return this.#leases.manager.holdsExclusive(gfid, client, leaseId, epoch);
  }

  /** The client is gone: its leases end, its blocked fops and requests are dropped. */
  disconnect(client: ClientUid): void {
    this.#leases.disconnect(client);
  }

  /** Ends all leases of an inode, on the operator's account. */
  revokeInode(inode: LiveInode): void {
    this.#leases.revokeInode(inode.leases);
  }

  /** The inode has no name and no user any more: nothing of it is remembered. */
  removeInode(gfid: Gfid): void {
    this.inodes.removed(gfid, (inode) => this.#leases.removeInode(inode.leases));
  }

  /**
   * Lets no fop run on `gfid` before `until` settles, whatever becomes of the leases: what decides about a
   * migration must not be met half done when its lease is revoked meanwhile.
   */
  holdBack(gfid: Gfid, until: Promise<unknown>): void {
    const settled = until.then(
      () => {},
      () => {},
    );
    const barrier = settled.then(() => {
      if (this.#barriers.get(gfid) === barrier) this.#barriers.delete(gfid);
    });
    this.#barriers.set(gfid, barrier);
  }

  /** What a fop on `gfid` has to wait for although it may run; `undefined` nearly always. */
  barrier(gfid: Gfid): Promise<void> | undefined {
    return this.#barriers.size === 0 ? undefined : this.#barriers.get(gfid);
  }

  /** How long holders have after recalls from now on, in ms. */
  setRecallTimeout(recallTimeoutMs: LeaseOptions["recallTimeoutMs"]): void {
    this.#leases.manager.setRecallTimeout(recallTimeoutMs);
  }

  /** Lets go of the timer. */
  close(): void {
    this.#leases.close();
  }

  #apply(effect: LeaseEffect<GatePass, LeaseAsk>): void {
    switch (effect.type) {
      case "grant":
        return effect.request.answer.granted(effect.epoch);
      case "refuse":
        return effect.request.answer.refused(effect.error);
      case "withdraw":
        return effect.request.answer.withdrawn();
      case "recall": {
        const { deadlineMs } = effect;
        const recallMs = deadlineMs === undefined ? undefined : deadlineMs - this.#scheduler.nowMs();
        return this.#port.recall(effect, recallMs);
      }
      case "revoke":
        return this.#port.revoked(effect, effect.reason);
      case "resume":
        return effect.fop.answer.resumed();
      case "reject":
        return effect.fop.answer.rejected(effect.error);
      case "drop":
        return effect.fop.answer.dropped();
    }
  }
}
