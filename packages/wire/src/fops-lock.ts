import { linkedList } from "./codec.js";
import { dict } from "./dict.js";
import { r0 } from "./fop-shapes.js";
import { gfid, i64, name, size64, u32 } from "./primitives.js";
import { procedure } from "./procedure.js";
import { activeLock, flock, lease } from "./structs.js";

const xdata = dict;
/** `namelen` is a flag: 0 locks the whole directory, stock clients send 1 beside a name. */
const entryLock = { cmd: u32, type: u32, namelen: size64, name, volume: name, xdata } as const;
const inodeLock = { cmd: u32, type: u32, flock, volume: name, xdata } as const;

/** Fops on locks and leases. `type` repeats the flock's; `volume` is the lock domain. */
export const lockFops = {
  lk: procedure(26, "LK", { gfid, fd: i64, cmd: u32, type: u32, flock, xdata }, { ...r0, flock }),
  inodelk: procedure(29, "INODELK", { gfid, ...inodeLock }, r0),
  finodelk: procedure(30, "FINODELK", { gfid, fd: i64, ...inodeLock }, r0),
  entrylk: procedure(31, "ENTRYLK", { gfid, ...entryLock }, r0),
  fentrylk: procedure(32, "FENTRYLK", { gfid, fd: i64, ...entryLock }, r0),
  lease: procedure(50, "LEASE", { gfid, lease, xdata }, { ...r0, lease }),
  getactivelk: procedure(51, "GETACTIVELK", { gfid, xdata }, { ...r0, locks: linkedList(activeLock) }),
  setactivelk: procedure(52, "SETACTIVELK", { gfid, locks: linkedList(activeLock), xdata }, r0),
} as const;
