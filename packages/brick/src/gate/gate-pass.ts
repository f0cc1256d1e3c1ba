import type { Gate, GatedFop } from "@brickshift/lease-manager";
import type { ClientUid, Epoch, LeaseId } from "@brickshift/wire";
import type { LiveInode } from "../server/inode-table.js";

/** Who goes through the gate, the same for every inode that one fop touches. */
export interface GateVisitor {
  readonly client: ClientUid;
  readonly leaseId: LeaseId | undefined;
  readonly leaseEpoch: Epoch | undefined;
  readonly isInternal: boolean;
  readonly isNonblocking: boolean;
}

/** What became of a pass that was blocked. */
export interface GateAnswer {
  /** It may run now. */
  resumed(): void;
  /** It may not run. */
  rejected(error: unknown): void;
  /** Its client is gone: there is nobody to answer. */
  dropped(): void;
}

/** One fop at the gate of one inode. */
export class GatePass implements GatedFop {
  readonly inode: LiveInode;
  /** The lease record it was admitted to, and has to leave. */
  readonly leases: LiveInode["leases"];
  readonly gate: Gate;
  readonly client: ClientUid;
  readonly leaseId: LeaseId | undefined;
  readonly leaseEpoch: Epoch | undefined;
  readonly isInternal: boolean;
  readonly isNonblocking: boolean;
  readonly answer: GateAnswer;

  /** The lease-epoch of `visitor` binds the fop on the inode that it is about, so only when `isPrimary`. */
  constructor(inode: LiveInode, gate: Gate, visitor: GateVisitor, isPrimary: boolean, answer: GateAnswer) {
    this.inode = inode;
    this.leases = inode.leases;
    this.gate = gate;
    this.client = visitor.client;
    this.leaseId = visitor.leaseId;
    this.leaseEpoch = isPrimary ? visitor.leaseEpoch : undefined;
    this.isInternal = visitor.isInternal;
    this.isNonblocking = visitor.isNonblocking;
    this.answer = answer;
  }
}
