import {
  type Dict,
  type FopName,
  type FopReply,
  type FopRequest,
  getXdata,
  LeaseCmd,
  type LeaseId,
  LeaseType,
} from "@brickshift/wire";
import type { FdTable } from "./fd-table.js";
import type { HeldLease } from "./lease-table.js";

/** Fops whose answer carries an fd. */
export const openingFops: ReadonlySet<FopName> = new Set(["open", "opendir", "create"] as const);

interface FdFields {
  readonly fd?: bigint;
  readonly fdIn?: bigint;
  readonly fdOut?: bigint;
}

/**
 * The request with the brick's numbers of its fds.
 * @throws `ClientError` `CLIENT_STALE_FD`.
 */
export function toRemoteFds<R extends object>(request: R, fds: FdTable): R {
  const { fd, fdIn, fdOut } = request as FdFields;
  if (fd === undefined && fdIn === undefined) return request;
  // Most fops on data name no fd of ours, and need no copy.
  if (fdIn === undefined && fd !== undefined && fds.remote(fd) === fd) return request;
  return {
    ...request,
    ...(fd === undefined ? {} : { fd: fds.remote(fd) }),
    ...(fdIn === undefined ? {} : { fdIn: fds.remote(fdIn) }),
    ...(fdOut === undefined ? {} : { fdOut: fds.remote(fdOut) }),
  };
}

/** The fd that a fop releases, if that is what it does. */
export function releasedFd(name: FopName, request: object): bigint | undefined {
  return name === "release" || name === "releasedir" ? (request as FdFields).fd : undefined;
}

/** Whether a fop asks for a lease. */
export function asksForLease(name: FopName, request: object): boolean {
  if (name === "put") return getXdata((request as FopRequest<"put">).xdata, "leaseScope") !== undefined;
  return name === "lease" && (request as FopRequest<"lease">).lease.cmd === LeaseCmd.set;
}

/** The lease that the brick granted by its answer, if it did. */
export function grantedBy(name: FopName, request: object, reply: object): HeldLease | undefined {
  if (!asksForLease(name, request)) return undefined;
  const { xdata } = reply as FopReply<"lease">;
  const epoch = getXdata(xdata, "leaseEpoch");
  if (name === "lease") {
    const { gfid, lease } = request as FopRequest<"lease">;
    const { leaseId, leaseType } = lease;
    return { gfid, leaseId, leaseType, epoch };
  }
  const leaseId = leaseIdOf(name, request);
  if (leaseId === undefined || epoch === undefined) return undefined;
  const { stat } = reply as FopReply<"put">;
  return { gfid: stat.gfid, leaseId, leaseType: LeaseType.readWrite, epoch };
}

/** The lease that a fop gave back when it succeeded, if it is one that does. */
export function endedBy(name: FopName, request: object): Pick<HeldLease, "gfid" | "leaseId"> | undefined {
  if (name === "lease") {
    const { gfid, lease } = request as FopRequest<"lease">;
    return lease.cmd === LeaseCmd.unlock ? { gfid, leaseId: lease.leaseId } : undefined;
  }
  if (name !== "setxattr") return undefined;
  const { gfid, dict, xdata } = request as FopRequest<"setxattr">;
  const leaseId = getXdata(xdata, "leaseEpoch") === undefined ? undefined : leaseIdOf(name, request);
  return leaseId !== undefined && getXdata(dict, "migration") === "publish" ? { gfid, leaseId } : undefined;
}

/** The lease that a request relies on or is about. */
export function leaseIdOf(name: FopName, request: { readonly xdata?: Dict | null }): LeaseId | undefined {
  if (name === "lease") return (request as unknown as FopRequest<"lease">).lease.leaseId;
  return getXdata(request.xdata ?? null, "leaseId");
}
