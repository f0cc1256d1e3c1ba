import {
  EntrylkCmd,
  type FopReply,
  type FopRequest,
  type Gfid,
  LkCmd,
  nameByteLength,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { InodeLock } from "../locks/inode-lock.js";
import type { FopCall } from "./fop-call.js";
import { linked, objectOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { takeLock } from "./lock-wait.js";
import { kindOf, rangeOf } from "./lock-range.js";

/** Longest name of a lock domain or of a locked entry, in bytes. */
const NAME_BYTES_MAX = 255;

/** INODELK: a lock between client translators, in the domain `volume`. No lease concerns it. */
export const inodelk: FopSpec<"inodelk"> = {
  handle: (fop, request) => lockInode(fop, () => linked(fop, request.gfid), request),
};

/** FINODELK. */
export const finodelk: FopSpec<"finodelk"> = {
  handle: (fop, request) => lockInode(fop, () => objectOf(fop, request), request),
};

/** ENTRYLK: a lock of a name in a directory, or of the whole directory when `namelen` is 0. */
export const entrylk: FopSpec<"entrylk"> = {
  handle: (fop, request) => lockEntry(fop, () => linked(fop, request.gfid), request),
};

/** FENTRYLK. */
export const fentrylk: FopSpec<"fentrylk"> = {
  handle: (fop, request) => lockEntry(fop, () => objectOf(fop, request), request),
};

const done: FopReply<"inodelk"> = { opRet: 0, opErrno: 0, xdata: null };

function lockInode(
  fop: FopCall,
  find: () => Gfid,
  request: Pick<FopRequest<"inodelk">, "gfid" | "cmd" | "flock" | "volume">,
) {
  const { locks, lockWaiters, tree } = fop.brick;
  const { cmd, flock, volume } = request;
  checkName(volume);
  if (cmd !== LkCmd.setlk && cmd !== LkCmd.setlkw) {
    throw new BrickError("BRICK_UNSUPPORTED", `there is no inode lock command ${cmd} here`);
  }
  const kind = kindOf(flock.type);
  const isLeft = kind === "unlock" && isLeftLocked(fop, "inode", request);
  const gfid = isLeft ? request.gfid : find();
  const owned = { ...fop.lockOwner, ...rangeOf(flock, isLeft ? 0 : tree.size(gfid)) };
  if (kind === "unlock") {
    // The kind of a lock is no part of its name.
    lockWaiters.apply(locks.inode.unlock(gfid, volume, { ...owned, kind: "read" }));
    // Who holds the lock now has to hear of those who wait still.
    fop.brick.tellContention(gfid, volume, locks.inode.contended(gfid, volume));
    return done;
  }
  const waits = cmd === LkCmd.setlkw;
  const lock: InodeLock = { ...owned, kind, asked: { flock, pid: fop.caller.pid } };
  fop.brick.tellContention(gfid, volume, locks.inode.blockers(gfid, volume, lock));
  return whenTaken(takeLock(fop, waits, (request) => locks.inode.lock(gfid, volume, request, lock, waits)));
}

function lockEntry(
  fop: FopCall,
  find: () => Gfid,
  request: Pick<FopRequest<"entrylk">, "gfid" | "cmd" | "type" | "namelen" | "name" | "volume">,
) {
  const { locks, lockWaiters } = fop.brick;
  const { cmd, type, volume } = request;
  checkName(volume);
  checkName(request.name);
  const isLeft = cmd === EntrylkCmd.unlock && isLeftLocked(fop, "entry", request);
  const gfid = isLeft ? request.gfid : find();
  const lock = { ...fop.lockOwner, type, name: request.namelen === 0 ? undefined : request.name };
  switch (cmd) {
    case EntrylkCmd.unlock:
      lockWaiters.apply(locks.entry.unlock(gfid, volume, lock));
      return done;
    case EntrylkCmd.lock:
    case EntrylkCmd.lockNonBlocking: {
      const waits = cmd === EntrylkCmd.lock;
      return whenTaken(takeLock(fop, waits, (id) => locks.entry.lock(gfid, volume, id, lock, waits)));
    }
    default:
      throw new BrickError("BRICK_ARGUMENT", `there is no entry lock command ${cmd}`);
  }
}

/**
 * Whether it has lost its last name while it was locked. Its locks end as they were taken: who replaces a file by a rename
 * locks it before and unlocks it afterwards. Source: measured.
 */
function isLeftLocked(
  { brick: { tree, locks } }: FopCall,
  kind: "inode" | "entry",
  { gfid, volume }: { readonly gfid: Gfid; readonly volume: string },
): boolean {
  return !tree.isLinked(gfid) && locks[kind].heldCount(gfid, volume) > 0;
}

function whenTaken(waiting: Promise<void> | undefined) {
  return waiting === undefined ? done : waiting.then(() => done);
}

function checkName(name: string): void {
  if (nameByteLength(name) <= NAME_BYTES_MAX) return;
  throw new BrickError("BRICK_NAME_TOO_LONG", `${nameByteLength(name)} bytes`);
}
