import type { ClientUid, Epoch, Gfid, LeaseId, LeaseScope } from "@brickshift/wire";
import type { LeaseType } from "./conflict-table.js";

/** The recall of a lease, in monotonic milliseconds. */
export interface Recall {
  readonly atMs: number;
  /** When the lease is revoked; `Infinity` when it is not. */
  deadlineMs: number;
}

/** The epoch of a lease that is asked for and not granted yet; no granted lease has it. */
export const UNGRANTED = 0n as Epoch;

/**
 * One lease, asked for or held, of one client on one inode. A plain record: there may be millions.
 * `UNGRANTED → held → (recalled) → ended`.
 */
export class Lease {
  readonly id: LeaseId;
  readonly client: ClientUid;
  readonly gfid: Gfid;
  readonly scope: LeaseScope;
  /** The epoch granted, {@link UNGRANTED} before. */
  epoch: Epoch = UNGRANTED;
  /** How often each type was granted and not given back; stock rules count them. */
  readCount = 0;
  readWriteCount = 0;
  /** Set once; nothing takes a recall back. */
  recall: Recall | undefined = undefined;
  /** The next lease of the same inode. A list without arrays: most leases are alone on their inode. */
  next: Lease | undefined = undefined;
  hasEnded = false;

  constructor(id: LeaseId, client: ClientUid, gfid: Gfid, scope: LeaseScope) {
    this.id = id;
    this.client = client;
    this.gfid = gfid;
    this.scope = scope;
  }

  /** The strongest type held. */
  get type(): LeaseType {
    return this.readWriteCount > 0 ? "read-write" : "read";
  }

  get isHeld(): boolean {
    return this.epoch !== UNGRANTED && !this.hasEnded;
  }

  get isRecalled(): boolean {
    return this.recall !== undefined;
  }

  /** Counts one grant of `type`. */
  add(type: LeaseType): void {
    if (type === "read") this.readCount += 1;
    else this.readWriteCount += 1;
  }

  /** Takes one grant of `type` back, or all without it; `false`, and no change, when `type` is not held. */
  remove(type: LeaseType | undefined): boolean {
    if (type === undefined) {
      this.readCount = 0;
      this.readWriteCount = 0;
      return true;
    }
    if (type === "read" ? this.readCount === 0 : this.readWriteCount === 0) return false;
    if (type === "read") this.readCount -= 1;
    else this.readWriteCount -= 1;
    return true;
  }

  get isEmpty(): boolean {
    return this.readCount === 0 && this.readWriteCount === 0;
  }
}
