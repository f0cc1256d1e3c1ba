import type { LeaseType as HeldType } from "@brickshift/lease-manager";
import {
  type Dict,
  type Epoch,
  type Extent,
  type FopReply,
  type FopRequest,
  type Gfid,
  getXdata,
  LeaseCmd,
  LeaseError,
  LeaseType,
  xdataOf,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { LeaseAsk } from "../gate/lease-ask.js";
import type { LiveInode } from "../server/inode-table.js";
import type { FopCall } from "./fop-call.js";
import { failureOf } from "./fop-failure.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { LaterReply } from "./later-reply.js";
import { toldWithContent } from "./told-with-lease.js";

type Reply = FopReply<"lease">;
type Request = FopRequest<"lease">;

/** LEASE GET, SET and UNLOCK. A SET of scope `data` is answered when its turn has come. */
export const lease: FopSpec<"lease"> = {
  handle(fop, request) {
    checkOffered(fop, request);
    const { inodes } = fop.brick.gate;
    const inode = inodes.use(linkedOrHeld(fop, request.gfid));
    try {
      const reply = carryOut(fop, inode, request);
      if (!(reply instanceof LaterReply)) inodes.unuse(inode);
      return reply;
    } catch (error) {
      inodes.unuse(inode);
      throw error;
    }
  },
};

/**
 * Leases of scope `data` are not subject to `features.leases`, nor is giving one back.
 * @throws BrickError `BRICK_LEASES_OFF`. Source: measured, a stock brick without leases answers every LEASE with ENOSYS.
 */
function checkOffered(fop: FopCall, { lease: { cmd }, xdata }: Request): void {
  const { openLeases, compat } = fop.brick.options;
  if (openLeases || cmd === LeaseCmd.unlock) return;
  const isData = cmd === LeaseCmd.set && getXdata(xdata, "leaseScope") === "data";
  // A brick that answers as 10.3 knows no such scope.
  if (isData && compat === undefined) return;
  throw leasesOff();
}

function leasesOff(): BrickError {
  return new BrickError("BRICK_LEASES_OFF", "the brick gives no leases");
}

function linkedOrHeld(fop: FopCall, gfid: Gfid): Gfid {
  return fop.brick.gate.inodes.openCount(gfid) > 0 ? gfid : linked(fop, gfid);
}

function carryOut(fop: FopCall, inode: LiveInode, request: Request): Reply | LaterReply<Reply> {
  switch (request.lease.cmd) {
    case LeaseCmd.get:
      return get(fop, inode, request);
    case LeaseCmd.set:
      return set(fop, inode, request);
    case LeaseCmd.unlock:
      return unlock(fop, inode, request);
    default:
      throw new BrickError("BRICK_ARGUMENT", `there is no lease command ${request.lease.cmd}`);
  }
}

function get(fop: FopCall, inode: LiveInode, { lease: asked }: Request): Reply {
  const held = fop.brick.gate.heldTypes(inode);
  const leaseType =
    (held.has("read") ? LeaseType.read : 0) | (held.has("read-write") ? LeaseType.readWrite : 0);
  return { opRet: 0, opErrno: 0, xdata: null, lease: { ...asked, leaseType, leaseFlags: 0 } };
}

/** The inode stays in use until the reply is there. */
function set(fop: FopCall, inode: LiveInode, request: Request): LaterReply<Reply> {
  const { brick } = fop;
  const isStock = brick.options.compat !== undefined;
  const dirtySince = isStock ? undefined : getXdata(request.xdata, "dirtySince");
  const later = new LaterReply<Reply>();
  const settle = (reply: Reply) => {
    later.settle(reply);
    brick.gate.inodes.unuse(inode);
  };
  const grant = (xdata: Dict | null) =>
    settle({ opRet: 0, opErrno: 0, xdata, lease: { ...request.lease, leaseFlags: 0 } });
  const ask: LeaseAsk = {
    client: fop.client,
    leaseId: request.lease.leaseId,
    type: wantedType(request.lease.leaseType),
    scope: isStock ? "open" : (getXdata(request.xdata, "leaseScope") ?? "open"),
    openFds: inode.fds ?? [],
    answer: {
      granted(leaseEpoch) {
        const dirtyExtents = dirtySince === undefined ? undefined : dirty(fop, inode.gfid, dirtySince);
        // Who is to move the file learns what keeps it here.
        const locks = brick.locks.posixHeld(inode.gfid).length;
        const known = {
          leaseEpoch,
          ...(dirtyExtents !== undefined && { dirtyExtents }),
          ...(locks > 0 && { locks }),
        };
        if (isStock) return grant(null);
        const told = toldWithContent(fop, inode.gfid, ask, request.xdata);
        if (!(told instanceof Promise)) return grant(xdataOf(known, told));
        void told.then((more) => grant(xdataOf(known, more)));
        return undefined;
      },
      refused: (error) => settle(refusal(request, error)),
      withdrawn: () => settle(refusal(request, new LeaseError("LEASE_NOT_HELD", "its client is gone"))),
    },
  };
  if (fop.owner.isGone) throw new BrickError("BRICK_FD_LIMIT", "the client is gone");
  if (ask.scope === "data" && !fop.mayWait()) {
    throw new LeaseError("LEASE_BACKLOG_FULL", "too many calls of this connection wait");
  }
  brick.gate.request(inode, ask);
  return later;
}

function unlock(fop: FopCall, inode: LiveInode, request: Request): Reply {
  const { leaseId, leaseType } = request.lease;
  const type = leaseType === LeaseType.none ? undefined : heldType(leaseType);
  const { brick, client, leaseEpoch } = fop;
  const published = publishedBy(fop, inode.gfid, request);
  const outcome = brick.gate.unlock(inode, { client, leaseId, type, leaseEpoch });
  if (outcome.type === "revoked") throw outcome.error;
  if (outcome.type === "not-held" && !brick.options.openLeases) throw leasesOff();
  if (published !== undefined) brick.tree.forgetCommit(inode.gfid, published);
  return { opRet: 0, opErrno: 0, xdata: null, lease: { ...request.lease, leaseFlags: 0 } };
}

/** The epoch of a commit that is published by now: the word of who has the inode to himself, and of nobody else. */
function publishedBy(fop: FopCall, gfid: Gfid, { lease: { leaseId }, xdata }: Request): Epoch | undefined {
  const { brick, client, leaseEpoch } = fop;
  if (brick.options.compat !== undefined || leaseEpoch === undefined) return undefined;
  const published = getXdata(xdata, "published");
  return brick.gate.holdsExclusive(gfid, client, leaseId, leaseEpoch) ? published : undefined;
}

/** A refused LEASE SET echoes the lease. Source: measured (`fop-lease`). */
function refusal(request: Request, error: unknown): Reply {
  const { errno, xdata } = failureOf(error);
  return { opRet: -1, opErrno: errno, xdata, lease: { ...request.lease, leaseFlags: 0 } };
}

/** The extents modified since `epoch`, those behind the end cut off. */
function dirty(fop: FopCall, gfid: Gfid, epoch: Parameters<typeof fop.brick.gate.extentsSince>[1]) {
  const extents = fop.brick.gate.extentsSince(gfid, epoch);
  if (extents === "unknown") return extents;
  const size = fop.brick.tree.size(gfid);
  return extents.flatMap(({ offset, length }): Extent[] =>
    offset >= size ? [] : [{ offset, length: Math.min(length, size - offset) }],
  );
}

/** Source: measured; a stock brick refuses a type that there is not as one that cannot be had now. */
function wantedType(leaseType: number): HeldType {
  if (leaseType === LeaseType.read || leaseType === LeaseType.readWrite) return heldType(leaseType);
  throw new LeaseError("LEASE_HELD", `no lease of type ${leaseType} is given`);
}

function heldType(leaseType: number): HeldType {
  if (leaseType === LeaseType.read) return "read";
  if (leaseType === LeaseType.readWrite) return "read-write";
  throw new BrickError("BRICK_ARGUMENT", `there is no lease type ${leaseType}`);
}
