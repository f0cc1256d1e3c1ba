import type { InodeLeases } from "@brickshift/lease-manager";
import { type Gfid, invariant } from "@brickshift/wire";
import type { GatePass } from "../gate/gate-pass.js";
import type { LeaseAsk } from "../gate/lease-ask.js";
import type { OpenFd } from "./fd-table.js";

/** An inode that is in use: something runs on it, or it is open. */
export interface LiveInode {
  readonly gfid: Gfid;
  /** Its leases, found once and not for each fop. */
  leases: InodeLeases<GatePass, LeaseAsk>;
  /** The fds open on it, of all clients; made with the first, for most inodes are used without one. */
  fds: Set<OpenFd> | undefined;
  /** Fops running or waiting, and fds. */
  uses: number;
}

/** What keeps the lease records of the inodes in use. */
export interface LeaseRecords {
  inode(gfid: Gfid): InodeLeases<GatePass, LeaseAsk>;
  forgetInode(leases: InodeLeases<GatePass, LeaseAsk>): void;
}

/** The inodes in use. It holds no inode that nobody uses, so it is bounded by the bounds of fds and calls. */
export class InodeTable {
  readonly #records: LeaseRecords;
  readonly #inodes = new Map<Gfid, LiveInode>();

  constructor(records: LeaseRecords) {
    this.#records = records;
  }

  /** How many inodes are in use. */
  get size(): number {
    return this.#inodes.size;
  }

  /** The inode when it is in use. */
  find(gfid: Gfid): LiveInode | undefined {
    return this.#inodes.get(gfid);
  }

  /** Takes an inode into use. @throws `LeaseError` `LEASE_LIMIT`. */
  use(gfid: Gfid): LiveInode {
    let inode = this.#inodes.get(gfid);
    if (inode === undefined) {
      inode = { gfid, leases: this.#records.inode(gfid), fds: undefined, uses: 0 };
      this.#inodes.set(gfid, inode);
    }
    inode.uses += 1;
    return inode;
  }

  /** Ends one use. */
  unuse(inode: LiveInode): void {
    inode.uses -= 1;
    invariant(inode.uses >= 0, "a use ends once");
    if (inode.uses > 0) return;
    this.#inodes.delete(inode.gfid);
    this.#records.forgetInode(inode.leases);
  }

  /**
   * Ends what is known of the leases of an inode that is gone for good, by `remove`. Whoever still uses the
   * inode goes on with the record that a new inode of the same gfid would have.
   */
  removed(gfid: Gfid, remove: (inode: LiveInode) => void): void {
    const inode = this.use(gfid);
    remove(inode);
    inode.leases = this.#records.inode(gfid);
    this.unuse(inode);
  }

  /** How many fds are open on the inode. */
  openCount(gfid: Gfid): number {
    return this.#inodes.get(gfid)?.fds?.size ?? 0;
  }
}
