import { dict } from "./dict.js";
import { iatt } from "./iatt.js";
import { i32, i64 } from "./primitives.js";

/**
 * Result, error number, extra data: every reply begins so. `opRet` is −1 on failure; `opErrno` means something
 * only then, but for READ, READDIR and READDIRP, where ENOENT beside a success says that the end was reached.
 */
export const r0 = { opRet: i32, opErrno: i32, xdata: dict } as const;
/** Attributes of the object. */
export const r1 = { ...r0, stat: iatt } as const;
/** Attributes before and after; of the parent for UNLINK and RMDIR. */
export const r2 = { ...r0, prestat: iatt, poststat: iatt } as const;
/** A new object, and its parent before and after. */
export const r3 = { ...r0, stat: iatt, preparent: iatt, postparent: iatt } as const;
/** A file descriptor on the brick. */
export const rfd = { ...r0, fd: i64 } as const;
/** Extended attributes. */
export const rdict = { ...r0, dict, prestat: iatt, poststat: iatt } as const;
