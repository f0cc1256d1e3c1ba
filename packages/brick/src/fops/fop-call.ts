import { type Epoch, type FopName, type Gfid, getXdata, type LeaseId, type Dict } from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { BrickError } from "../brick-error.js";
import type { GateVisitor } from "../gate/gate-pass.js";
import type { BrickClient } from "../server/brick-client.js";
import type { Caller } from "../server/caller.js";
import type { Access, FenceToken } from "../tree/tree.js";

const ORDINARY: Access = Object.freeze({});
const INTERNAL: Access = Object.freeze({ internal: true });

/** What the task that carries a fop does for its handler; see {@link FopCall}. */
export interface FopPort {
  leaveGate(): void;
  mayWait(): boolean;
}

const NO_PORT: FopPort = { leaveGate: () => {}, mayWait: () => true };

/** One fop being served: who calls, on which brick, under which lease or fence. */
export class FopCall implements GateVisitor {
  readonly brick: Brick;
  readonly client: BrickClient["uid"];
  readonly owner: BrickClient;
  readonly name: FopName;
  readonly caller: Caller;
  /** The extra data of the request. */
  readonly xdata: Dict | null;
  readonly leaseId: LeaseId | undefined;
  readonly leaseEpoch: Epoch | undefined;
  /** Gluster's own work, which leases of scope `open` do not bind. */
  readonly isInternal: boolean;
  /** With an fd that does not want to wait: set by the fop's targets. */
  isNonblocking = false;
  /** On whose account it touches an inode that is on the move. */
  readonly access: Access;
  /** The object that is gone for good with this fop. */
  gone: Gfid | undefined;
  /** The task that carries the fop. */
  port: FopPort = NO_PORT;

  /** @throws `WireError` `WIRE_DICT` when a key of the lease protocol has a value of another kind. */
  constructor(brick: Brick, owner: BrickClient, name: FopName, caller: Caller, xdata: Dict | null) {
    this.brick = brick;
    this.owner = owner;
    this.client = owner.uid;
    this.name = name;
    this.caller = caller;
    this.xdata = xdata;
    const hasKeys = xdata !== null && xdata.size > 0;
    this.leaseId = hasKeys ? getXdata(xdata, "leaseId") : undefined;
    this.leaseEpoch =
      hasKeys && brick.options.compat === undefined ? getXdata(xdata, "leaseEpoch") : undefined;
    this.isInternal = caller.pid < 0 || (hasKeys && xdata.has("glusterfs-internal-fop"));
    const token = hasKeys ? tokenOf(xdata) : undefined;
    this.access = token === undefined ? (caller.pid < 0 ? INTERNAL : ORDINARY) : { token };
  }

  /** The runner's token. @throws {@link BrickError} `BRICK_ARGUMENT` without one. */
  get token(): FenceToken {
    if (this.access.token !== undefined) return this.access.token;
    throw new BrickError("BRICK_ARGUMENT", "a step of a migration needs a fence and its source");
  }

  /** The lock owner of this call. */
  get lockOwner() {
    return { client: this.client, lkOwner: this.caller.lkOwner };
  }

  /**
   * The last name of an object that this fop is about is gone. When the object goes with it, clients that know it
   * are told, after what the fop itself has to tell of it.
   */
  unlinked(gfid: Gfid): void {
    if (this.brick.unlinked(gfid)) this.gone = gfid;
  }

  /**
   * Says that the handler is going to wait for another client: what it does no longer counts as running,
   * so that a lease can be granted meanwhile.
   */
  leaveGate(): void {
    this.port.leaveGate();
  }

  /**
   * Whether the fop may wait for another client; to be asked before it does. From then on it does not hold
   * up the other calls of its connection.
   */
  mayWait(): boolean {
    return this.port.mayWait();
  }
}

function tokenOf(xdata: Dict): FenceToken | undefined {
  const fence = getXdata(xdata, "fence");
  const source: Gfid | undefined = getXdata(xdata, "source");
  if (fence === undefined && source === undefined) return undefined;
  if (fence !== undefined && source !== undefined) return { fence, source };
  throw new BrickError("BRICK_ARGUMENT", "a fence and its source come together");
}
