import { BrickError } from "../brick-error.js";
import type { FopSpec } from "./fop-spec.js";

/** To the translator that calls clients back: the keys of xdata are the xattrs. */
const REGISTER_XATTRS = 2;

/**
 * IPC from one translator to another. Of this brick clients only ask to hear of xattrs that change.
 * Source: measured (`fop-ipc`); without cache invalidation, and for all else, a stock brick answers EOPNOTSUPP.
 */
export const ipc: FopSpec<"ipc"> = {
  handle(fop, request) {
    const { upcalls } = fop.brick;
    if (request.op !== REGISTER_XATTRS || upcalls === undefined) {
      throw new BrickError("BRICK_UNSUPPORTED", `there is no IPC ${request.op} here`);
    }
    upcalls.watchXattrs([...(request.xdata?.keys() ?? [])]);
    return { opRet: 0, opErrno: 0, xdata: null };
  },
};
