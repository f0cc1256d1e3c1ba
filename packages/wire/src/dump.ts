import { linkedList, struct } from "./codec.js";
import { oldDict } from "./old-dict.js";
import { i32, name, u64 } from "./primitives.js";
import { procedure } from "./procedure.js";

/** What clients send as `gfsId` of DUMP. */
export const DUMP_GFS_ID = 0xcaedn;

const programDetail = struct({ progname: name, prognum: u64, progver: u64 });

/** The program that tells what a server speaks. Source: measured, vectors `dump-dump`, `dump-ping`. */
export const dump = {
  dump: procedure(
    1,
    "DUMP",
    { gfsId: u64 },
    { gfsId: u64, opRet: i32, opErrno: i32, programs: linkedList(programDetail) },
  ),
  /** To be answered at once, also while other calls wait for a lock or a lease. */
  ping: procedure(2, "PING", {}, { opRet: i32, opErrno: i32, xdata: oldDict }),
} as const;
