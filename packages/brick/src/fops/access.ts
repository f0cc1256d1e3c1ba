import { FileType, type Iatt } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { Caller } from "../server/caller.js";
import { linked } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

const EXECUTE = 1;
const ALL = 7;

/** ACCESS: whether the caller may do what `mask` says (4 read, 2 write, 1 execute), by the permission bits. */
export const access: FopSpec<"access"> = {
  targets: (fop, request) => [{ gfid: linked(fop, request.gfid), gate: "access" }],
  handle(fop, request) {
    const stat = fop.brick.tree.stat(request.gfid);
    if (!mayAccess(stat, fop.caller, request.mask & ALL)) {
      throw new BrickError("BRICK_ACCESS", "the permission bits forbid it");
    }
    return { opRet: 0, opErrno: 0, xdata: null };
  },
};

/** Source: POSIX file access permissions; root may all but execute a file that nobody may. */
export function mayAccess(stat: Pick<Iatt, "mode" | "uid" | "gid">, caller: Caller, mask: number): boolean {
  const { mode } = stat;
  if (caller.uid === 0) {
    const isDirectory = (mode & FileType.mask) === FileType.directory;
    return isDirectory || (mask & EXECUTE) === 0 || (mode & 0o111) !== 0;
  }
  const isInGroup = caller.gid === stat.gid || caller.groups.includes(stat.gid);
  const shift = caller.uid === stat.uid ? 6 : isInGroup ? 3 : 0;
  return ((mode >> shift) & mask) === mask;
}
