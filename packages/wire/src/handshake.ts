import { oldDict } from "./old-dict.js";
import { i32, name, u32 } from "./primitives.js";
import { procedure } from "./procedure.js";

const result = { opRet: i32, opErrno: i32 } as const;

/**
 * The program that opens a connection. Its dictionaries are of the old form.
 * Source: measured, vectors `hndsk-*`; EVENT_NOTIFY and GET_SNAPSHOT_INFO from their definitions.
 */
export const handshake = {
  setvolume: procedure(1, "SETVOLUME", { dict: oldDict }, { ...result, dict: oldDict }),
  /** On success `opRet` is the length of `spec` in bytes. */
  getspec: procedure(
    2,
    "GETSPEC",
    { flags: u32, key: name, xdata: oldDict },
    { ...result, spec: name, xdata: oldDict },
  ),
  ping: procedure(3, "PING", {}, { ...result, xdata: oldDict }),
  setLkVer: procedure(4, "SET_LK_VER", { uid: name, lkVer: i32 }, { ...result, lkVer: i32 }),
  eventNotify: procedure(5, "EVENT_NOTIFY", { op: i32, dict: oldDict }, { ...result, dict: oldDict }),
  getVolumeInfo: procedure(
    6,
    "GET_VOLUME_INFO",
    { dict: oldDict },
    { ...result, opErrstr: name, dict: oldDict },
  ),
  getSnapshotInfo: procedure(
    7,
    "GET_SNAPSHOT_INFO",
    { dict: oldDict },
    { ...result, opErrstr: name, dict: oldDict },
  ),
} as const;
