import { LeaseRevokedError } from "@brickshift/lease-manager";
import {
  type Dict,
  dictBytes,
  type Epoch,
  type Gfid,
  getXdata,
  MIGRATION_LOCK_DOMAIN,
  type MigrationStep,
  XDATA,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { END_OF_ANY_FILE } from "../locks/byte-range.js";
import type { PreparedAttributes } from "../tree/tree.js";
import type { FopCall } from "./fop-call.js";
import { permissions } from "./new-object.js";
import { timeNs } from "./setattr.js";

/**
 * One step of a migration, asked for by the key `brickshift.migration` of SETXATTR. All but `commit` go to
 * the destination and need the runner's token; `commit` goes to the source and needs its exclusive lease. A `publish` that names the
 * epoch of its lease gives that back: nothing is left that it would keep others from.
 * @throws {@link BrickError} `BRICK_ARGUMENT`; `LeaseError` `LEASE_REVOKED`; what the tree refuses.
 */
export async function migrate(
  fop: FopCall,
  gfid: Gfid,
  step: MigrationStep,
  dict: Dict | null,
): Promise<void> {
  const { tree } = fop.brick;
  switch (step) {
    case "target":
      await tree.adoptTarget(gfid, linktoOf(dict), fop.token);
      return;
    case "prepare":
      await prepare(fop, gfid, preparedAttributes(dict));
      return;
    case "publish":
      await tree.publishTarget(gfid, fop.token);
      endLease(fop, gfid);
      return;
    case "abort":
      await tree.abortTarget(gfid, fop.token);
      if (!tree.isLinked(gfid)) fop.unlinked(gfid);
      return;
    case "commit":
      await commit(fop, gfid, linktoOf(dict));
      return;
  }
}

/**
 * Closes the target. Named with an exclusive lease, it is proof that the lease was held until then, so that nobody has
 * changed a name since its grant: nobody runs on the inode before the step is done, even when the lease is revoked meanwhile.
 */
async function prepare(fop: FopCall, gfid: Gfid, attributes: PreparedAttributes): Promise<void> {
  const { brick, leaseEpoch, token } = fop;
  if (leaseEpoch !== undefined) checkExclusive(fop, gfid);
  const madeUnder = getXdata(fop.xdata, "madeUnder");
  if (madeUnder === undefined) {
    throw new BrickError("BRICK_ARGUMENT", "a target is prepared by the fence that it was made under");
  }
  const prepared = brick.tree.prepareTarget(gfid, attributes, token, madeUnder);
  if (leaseEpoch !== undefined) brick.gate.holdBack(gfid, prepared);
  await prepared;
}

/**
 * The decision. The lease was checked at the gate; here it has to be an exclusive one, and nobody runs on the
 * inode before the step is durable, even when the lease is revoked meanwhile: a write that was let in then
 * would be acknowledged and lost. POSIX locks do not move: while clients have some the file stays, or others would lock it
 * there without seeing them.
 */
async function commit(fop: FopCall, gfid: Gfid, linkto: string): Promise<void> {
  const { brick } = fop;
  const epoch = checkExclusive(fop, gfid);
  const locks = brick.locks.posixHeld(gfid).length;
  if (locks > 0) throw new BrickError("BRICK_LOCKED", `clients hold ${locks} locks on it`);
  checkNotLocked(fop, gfid);
  const committed = brick.tree.commitMoved(gfid, linkto, epoch);
  brick.gate.holdBack(gfid, committed);
  await committed;
}

/** @returns its epoch. @throws {@link BrickError} `BRICK_ARGUMENT`; `LeaseError` `LEASE_REVOKED`. */
function checkExclusive({ brick, client, leaseId, leaseEpoch }: FopCall, gfid: Gfid): Epoch {
  if (leaseId === undefined || leaseEpoch === undefined) {
    throw new BrickError("BRICK_ARGUMENT", "this step of a migration names the lease it rests on");
  }
  if (brick.gate.holdsExclusive(gfid, client, leaseId, leaseEpoch)) return leaseEpoch;
  throw new LeaseRevokedError("not-held", `${leaseId} is no exclusive data lease`);
}

/**
 * A client that renames a file holds the lock of migrations on it, has looked where the file is, and relies on that: the decision
 * waits until it is done, also that of a runner which needed no lock. @throws {@link BrickError} `LOCK_CONFLICT`.
 */
function checkNotLocked({ brick, client, lockOwner }: FopCall, gfid: Gfid): void {
  const whole = { ...lockOwner, startBytes: 0n, endBytes: END_OF_ANY_FILE, kind: "write" as const };
  const blockers = brick.locks.inode.blockers(gfid, MIGRATION_LOCK_DOMAIN, whole);
  if (blockers.every((lock) => lock.client === client)) return;
  throw new BrickError("LOCK_CONFLICT", `a client that changes the names of ${gfid} holds its lock`);
}

function linktoOf(dict: Dict | null): string {
  const linkto = getXdata(dict, "linkto");
  if (linkto !== undefined && linkto !== "") return linkto;
  throw new BrickError("BRICK_ARGUMENT", "this step of a migration names the other brick");
}

/** Gives the lease back that the fop rests on, if it names one by its epoch. */
function endLease({ brick: { gate }, client, leaseId, leaseEpoch }: FopCall, gfid: Gfid): void {
  if (leaseId === undefined || leaseEpoch === undefined) return;
  const inode = gate.inodes.use(gfid);
  try {
    gate.unlock(inode, { client, leaseId, type: undefined, leaseEpoch });
  } catch {
    // Whatever it says, the step is done; a lease that is held still is given back by an UNLOCK, or revoked.
  } finally {
    gate.inodes.unuse(inode);
  }
}

/** What a target is to have. @throws {@link BrickError} `BRICK_ARGUMENT`. */
export function preparedAttributes(dict: Dict | null): PreparedAttributes {
  const iatt = getXdata(dict, "attributes");
  if (dict === null || iatt === undefined) {
    throw new BrickError("BRICK_ARGUMENT", "a target is prepared with attributes");
  }
  const xattrs = new Map<string, Uint8Array>();
  for (const key of dict.keys()) {
    if (key === XDATA.attributes || key === XDATA.migration) continue;
    const value = dictBytes(dict, key);
    if (value === undefined) throw new BrickError("BRICK_ARGUMENT", `"${key}" is no xattr`);
    xattrs.set(key, value);
  }
  const { uid, gid, size } = iatt;
  return {
    mode: permissions(iatt.mode),
    uid,
    gid,
    size,
    atimeNs: timeNs(iatt.atime, iatt.atimeNsec),
    mtimeNs: timeNs(iatt.mtime, iatt.mtimeNsec),
    ctimeNs: timeNs(iatt.ctime, iatt.ctimeNsec),
    xattrs,
  };
}
