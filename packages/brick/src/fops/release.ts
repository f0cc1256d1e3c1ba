import type { FopSpec } from "./fop-spec.js";

/** RELEASE: frees the fd's number. It waits for no lease: what it gives back others may be waiting for. */
export const release: FopSpec<"release"> = {
  handle(fop, request) {
    fop.brick.closeFd(fop.owner, request.fd);
    return { opRet: 0, opErrno: 0, xdata: null };
  },
};

/** RELEASEDIR. */
export const releasedir: FopSpec<"releasedir"> = { handle: release.handle };
