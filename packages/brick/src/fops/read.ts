import { type Dict, Errno, type FopReply, type FopRequest, type Gfid } from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { BrickError } from "../brick-error.js";
import { RECORD_HEAD_BYTES_MAX } from "../options.js";
import type { ReadResult } from "../tree/tree.js";
import { answerKeys } from "./asked-keys.js";
import { admittedFile, checkReadable, fileOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** What FUSE clients ask for at the most; a larger buffer is worth a look at the size of the file. */
const READ_BYTES_COMMON = 131_072;

/**
 * READ, into a pooled buffer that goes out as it is. At the end of the file `opErrno` is ENOENT beside the
 * success.
 */
export const read: FopSpec<"read"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "read" }],
  async handle(fop, request, targets) {
    const { brick, xdata } = fop;
    const file = admittedFile(fop, request, targets);
    if (request.size === 0) throw new BrickError("BRICK_ARGUMENT", "a read of no bytes");
    checkReadable(file);
    if (request.size > brick.options.recordBytesMax - RECORD_HEAD_BYTES_MAX) {
      throw new BrickError("BRICK_PAYLOAD_LIMIT", `${request.size} bytes do not fit in one record`);
    }
    const into = brick.pool.take(wantedBytes(brick, file.gfid, request));
    try {
      const result = await brick.tree.read(file.gfid, request.offset, into, fop.access);
      const answers = xdata === null || xdata.size === 0 ? null : answerKeys(brick, xdata, result.stat);
      return replyOf(result, answers);
    } catch (error) {
      brick.pool.give(into);
      throw error;
    }
  },
  sent: (fop, reply) => fop.brick.pool.give(reply.payload),
};

/** No more than is there: a client that asks for megabytes behind the end costs nothing. */
function wantedBytes({ tree }: Brick, gfid: Gfid, { offset, size }: FopRequest<"read">): number {
  return size <= READ_BYTES_COMMON ? size : Math.max(0, Math.min(size, tree.size(gfid) - offset));
}

function replyOf({ bytes, atEnd, stat }: ReadResult, xdata: Dict | null): FopReply<"read"> {
  const size = bytes.length;
  return { opRet: size, opErrno: atEnd ? Errno.ENOENT : 0, xdata, stat, size, payload: bytes };
}
