import { gateOfLock } from "@brickshift/lease-manager";
import {
  type ActiveLock,
  type Flock,
  type FopReply,
  type FopRequest,
  type Gfid,
  LkCmd,
  LockType,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { PosixLock } from "../locks/posix-locks.js";
import { lkOwnerBytes } from "../server/caller.js";
import { TreeError } from "../tree/tree-error.js";
import type { FopCall } from "./fop-call.js";
import { fileOf, type FopFile, linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { takeLock } from "./lock-wait.js";
import { flockRange, kindOf, rangeOf } from "./lock-range.js";

/**
 * LK: POSIX byte-range locks, and flock(2) as a lock of the whole file. The owner is the caller's, never the
 * flock's.
 * Source: measured (`fop-lk`): a SETLK echoes the flock as it came, a SETLKW that waited has the real owner.
 */
export const lk: FopSpec<"lk"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: gateOfLock(request.flock.type) }],
  handle(fop, request) {
    const file = fileOf(fop, request);
    needHere(fop, file.gfid);
    switch (request.cmd) {
      case LkCmd.getlk:
        return succeeded(blocker(fop, file, request.flock));
      case LkCmd.setlk:
      case LkCmd.setlkw:
        return set(fop, file, request);
      default:
        throw new BrickError("BRICK_UNSUPPORTED", `there is no lock command ${request.cmd} here`);
    }
  },
};

/**
 * Nobody locks what has moved: others lock the file where it is now, and would not see it.
 * @throws {@link TreeError} `TREE_LOCKS_MOVED` for a link file. Source: definition, by this errno the clients of a stock
 *   volume look where the file has gone and ask there.
 */
export function needHere({ brick, access }: FopCall, gfid: Gfid): void {
  const linkto = brick.tree.linkto(gfid);
  if (linkto === undefined || access.internal === true) return;
  throw new TreeError("TREE_LOCKS_MOVED", `${gfid} is on ${linkto}`, linkto);
}

/** GETACTIVELK: the POSIX locks held on the inode; their count is `opRet`. */
export const getactivelk: FopSpec<"getactivelk"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "getactivelk" }],
  handle(fop, request) {
    const locks = fop.brick.locks
      .posixHeld(request.gfid)
      .map((lock): ActiveLock => ({ flock: flockOf(lock), clientUid: lock.client, lkFlags: 0 }));
    return { opRet: locks.length, opErrno: 0, xdata: null, locks };
  },
};

function set(
  fop: FopCall,
  file: FopFile,
  { flock, cmd, fd }: FopRequest<"lk">,
): FopReply<"lk"> | Promise<FopReply<"lk">> {
  const { locks } = fop.brick;
  const wish = { ...posixLock(fop, file, flock), kind: kindOf(flock.type), fd };
  const waits = cmd === LkCmd.setlkw && wish.kind !== "unlock";
  const waiting = takeLock(fop, waits, (request) => locks.setPosix(file.gfid, request, wish, waits));
  if (waiting === undefined) return succeeded(flock);
  return waiting.then(() => succeeded({ ...flock, lkOwner: lkOwnerBytes(fop.caller.lkOwner) }));
}

function blocker(fop: FopCall, file: FopFile, flock: Flock): Flock {
  // Source: measured; an unlock asks for what excludes readers, and who finds none is told its own name as the owner.
  const kind = kindOf(flock.type) === "write" ? "write" : "read";
  const found = fop.brick.locks.posixBlocker(file.gfid, { ...posixLock(fop, file, flock), kind, fd: 0n });
  if (found !== undefined) return flockOf(found);
  return { ...flock, type: LockType.unlock, lkOwner: lkOwnerBytes(fop.caller.lkOwner) };
}

function posixLock(fop: FopCall, { gfid }: FopFile, flock: Flock) {
  const range = rangeOf(flock, fop.brick.tree.size(gfid));
  return { ...fop.lockOwner, ...range, pid: flock.pid };
}

function flockOf(lock: PosixLock): Flock {
  const type = lock.kind === "read" ? LockType.read : LockType.write;
  return { type, whence: 0, ...flockRange(lock), pid: lock.pid, lkOwner: lkOwnerBytes(lock.lkOwner) };
}

function succeeded(flock: Flock): FopReply<"lk"> {
  return { opRet: 0, opErrno: 0, xdata: null, flock };
}
