import type { Extent, FopName, FopReply, FopRequest } from "@brickshift/wire";
import type { EntryName } from "../gate/name-turns.js";
import type { GateTarget } from "../gate/passage.js";
import type { FopCall } from "./fop-call.js";
import type { LaterReply } from "./later-reply.js";

/** One inode that a fop touches. */
export type FopTarget = GateTarget;

/** How one fop is served. All parts may throw a `ProtocolError`, whose errno is then the answer. */
export interface FopSpec<N extends FopName> {
  /** The names that it makes, takes away or replaces. */
  readonly names?: (request: FopRequest<N>) => readonly EntryName[];
  /**
   * The inodes that it touches; the first is the one that the fop is about, to which a lease-epoch refers.
   * Looked up anew when the fop was blocked. Absent for fops that no lease concerns.
   */
  readonly targets?: (fop: FopCall, request: FopRequest<N>) => readonly FopTarget[];
  /**
   * Refuses what the caller may not do with the targets, by a `BrickError` `BRICK_ACCESS` or `BRICK_NOT_OWNER`; asked when it
   * may run, and not for the superuser. Absent for fops that a stock brick does not check.
   */
  readonly permit?: (fop: FopCall, request: FopRequest<N>, targets: readonly FopTarget[]) => void;
  /** The bytes of the first target that it may change; asked when it may run. */
  readonly marks?: (
    fop: FopCall,
    request: FopRequest<N>,
    targets: readonly FopTarget[],
  ) => Extent | undefined;
  /** Does it, on the targets found. Its promise settles when the change is applied or has failed. */
  readonly handle: (
    fop: FopCall,
    request: FopRequest<N>,
    targets: readonly FopTarget[],
  ) => FopReply<N> | Promise<FopReply<N>> | LaterReply<FopReply<N>>;
  /** Called when the reply's bytes are needed no more. */
  readonly sent?: (fop: FopCall, reply: FopReply<N>) => void;
}
