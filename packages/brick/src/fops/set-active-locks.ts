import type { ActiveLock, Gfid } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { PosixLock } from "../locks/posix-locks.js";
import { lkOwnerText } from "../server/caller.js";
import { sameProcess } from "../server/same-process.js";
import type { FopCall } from "./fop-call.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { kindOf, rangeOf } from "./lock-range.js";
import { needHere } from "./posix-lock.js";

/** No fd of ours: such a lock ends with its range, its owner's FLUSH or its client. */
const NO_FD = -1n;

/**
 * SETACTIVELK: sets POSIX locks in the name of their owners, all or none, as Gluster's own rebalance does with those that
 * GETACTIVELK told it on another brick. Each goes to the client of its process here. Only internal callers may: whoever sets
 * a lock for another could as well lock that one out.
 * Source: definition; a 10.3 brick ends when the object is there, whatever the list.
 */
export const setactivelk: FopSpec<"setactivelk"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "setactivelk" }],
  handle(fop, { gfid, locks }) {
    if (fop.caller.pid >= 0) {
      throw new BrickError("BRICK_NOT_OWNER", "locks of others are for internal callers to set");
    }
    needHere(fop, gfid);
    // Each is compared with all others.
    if (locks.length > fop.brick.options.locksPerInodeMax) {
      throw new BrickError("LOCK_LIMIT", `${locks.length} locks at once`);
    }
    fop.brick.locks.installPosix(
      gfid,
      locks.map((lock) => lockOf(fop, gfid, lock)),
    );
    return { opRet: 0, opErrno: 0, xdata: null };
  },
};

/** @throws {@link BrickError} `LOCK_CLIENT_UNKNOWN`, `BRICK_ARGUMENT`. */
function lockOf(fop: FopCall, gfid: Gfid, { flock, clientUid }: ActiveLock): PosixLock {
  const { brick } = fop;
  const kind = kindOf(flock.type);
  if (kind === "unlock") throw new BrickError("BRICK_ARGUMENT", "an unlock is no lock");
  const client = sameProcess(brick.clients.keys(), clientUid);
  if (client === undefined) {
    throw new BrickError("LOCK_CLIENT_UNKNOWN", `no client, or several, of the process of ${clientUid}`);
  }
  const range = rangeOf(flock, brick.tree.size(gfid));
  return { kind, client, lkOwner: lkOwnerText(flock.lkOwner), ...range, pid: flock.pid, fd: NO_FD };
}
