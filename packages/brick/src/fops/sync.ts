import { ANONYMOUS_FD, type FopReply } from "@brickshift/wire";
import { fileOf, objectOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";
import { r2 } from "./truncate.js";

const done: FopReply<"flush"> = { opRet: 0, opErrno: 0, xdata: null };

/**
 * FLUSH, sent at every close(2): ends the POSIX locks of the caller's owner on the file, or, without owner,
 * those of the fd.
 */
export const flush: FopSpec<"flush"> = {
  targets: (fop, request) => [{ gfid: objectOf(fop, request), gate: "flush" }],
  handle(fop, request) {
    const { locks, lockWaiters } = fop.brick;
    const gfid = objectOf(fop, request);
    const hasOwner = fop.caller.lkOwner !== "";
    if (hasOwner) lockWaiters.apply(locks.dropPosixOwner(gfid, fop.lockOwner));
    else if (request.fd !== ANONYMOUS_FD) lockWaiters.apply(locks.dropPosixFd(gfid, fop.client, request.fd));
    return done;
  },
};

/** FSYNC; `data` 1 leaves out what reading the data does not need. */
export const fsync: FopSpec<"fsync"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "fsync" }],
  async handle(fop, request) {
    const { gfid } = fileOf(fop, request);
    return r2(await fop.brick.tree.fsync(gfid, request.data === 1, fop.access));
  },
};

/** FSYNCDIR: names and attributes of the whole brick, since all come to the disk together. */
export const fsyncdir: FopSpec<"fsyncdir"> = {
  targets: (fop, request) => [{ gfid: objectOf(fop, request), gate: "fsyncdir" }],
  async handle(fop, request) {
    objectOf(fop, request);
    await fop.brick.tree.sync();
    return done;
  },
};
