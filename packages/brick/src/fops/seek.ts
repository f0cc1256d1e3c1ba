import { SeekWhat } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { fileOf, objectOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** SEEK: the next data or the next hole. */
export const seek: FopSpec<"seek"> = {
  targets: (fop, request) => [{ gfid: objectOf(fop, request), gate: "seek" }],
  async handle(fop, request) {
    if (request.what !== SeekWhat.data && request.what !== SeekWhat.hole) {
      throw new BrickError("BRICK_UNSUPPORTED", `there is no seek ${request.what}`);
    }
    const { gfid } = fileOf(fop, request);
    const what = request.what === SeekWhat.data ? "data" : "hole";
    const offset = await fop.brick.tree.seek(gfid, request.offset, what, fop.access);
    return { opRet: 0, opErrno: 0, xdata: null, offset };
  },
};
