import type { LeaseRequest, OpenFd } from "@brickshift/lease-manager";
import type { ClientUid, Epoch, LeaseId, LeaseScope } from "@brickshift/wire";

/** What became of a LEASE SET. */
export interface LeaseAskAnswer {
  granted(epoch: Epoch): void;
  refused(error: unknown): void;
  /** Its client is gone: there is nobody to answer. */
  withdrawn(): void;
}

/** A LEASE SET that was asked for and may have to wait. */
export interface LeaseAsk extends LeaseRequest {
  readonly client: ClientUid;
  readonly leaseId: LeaseId;
  readonly scope: LeaseScope;
  readonly openFds: Iterable<OpenFd>;
  readonly answer: LeaseAskAnswer;
}
