import type { ClientUid, Gfid, LeaseId, LeaseScope } from "@brickshift/wire";
import type { LeaseType } from "./conflict-table.js";

/** The recall of a lease, in monotonic milliseconds. */
export interface Recall {
  readonly atMs: number;
  /** When the lease is revoked; `Infinity` when it is not. */
  deadlineMs: number;
}

/** The {@link Lease.grant} of a lease that is asked for and not granted yet. */
export const UNGRANTED = 0;
/** The {@link Lease.grant} of a lease that is over, granted once or not. */
export const ENDED = -1;

/**
 * One lease, asked for or held, of one client on one inode. A plain record: there may be millions.
 * `UNGRANTED → held → (recalled) → ended`.
 */
export class Lease {
  readonly id: LeaseId;
  readonly client: ClientUid;
  readonly gfid: Gfid;
  readonly scope: LeaseScope;
  /**
   * Which grant of this start it is, from 1 on; {@link UNGRANTED} before and {@link ENDED} after. The epoch
   * is the first epoch and this: a number takes no memory of its own, a bigint does.
   */
  grant: number = UNGRANTED;
  /** How often each type was granted and not given back; stock rules count them. */
  readCount = 0;
  readWriteCount = 0;
  /** Set once; nothing takes a recall back. */
  recall: Recall | undefined = undefined;
  /** The next lease of the same inode. A list without arrays: most leases are alone on their inode. */
  next: Lease | undefined = undefined;

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
    return this.grant > UNGRANTED;
  }

  get hasEnded(): boolean {
    return this.grant === ENDED;
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
