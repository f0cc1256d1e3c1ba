import { createHash } from "node:crypto";
import { BrickError } from "../brick-error.js";
import { RECORD_HEAD_BYTES_MAX } from "../options.js";
import { checkReadable, fileOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

const STRONG_BYTES = 32;

/**
 * RCHECKSUM of one block: a rolling sum and an MD5 behind which zeros follow.
 * Source: measured (`fop-rchecksum`), a brick without `fips-mode-rchecksum`.
 */
export const rchecksum: FopSpec<"rchecksum"> = {
  targets: (fop, request) => [{ gfid: fileOf(fop, request).gfid, gate: "rchecksum" }],
  async handle(fop, request) {
    const { brick } = fop;
    const file = fileOf(fop, request);
    checkReadable(file);
    if (request.len > brick.options.recordBytesMax - RECORD_HEAD_BYTES_MAX) {
      throw new BrickError("BRICK_PAYLOAD_LIMIT", `a block of ${request.len} bytes`);
    }
    const into = brick.pool.take(request.len);
    try {
      const { bytes } = await brick.tree.read(file.gfid, request.offset, into, fop.access);
      const strongChecksum = new Uint8Array(STRONG_BYTES);
      strongChecksum.set(createHash("md5").update(bytes).digest());
      return { opRet: 0, opErrno: 0, xdata: null, flags: 1, weakChecksum: weak(bytes), strongChecksum };
    } finally {
      brick.pool.give(into);
    }
  },
};

/** Source: zlib adler32 begun at 0, as glusterfs `libglusterfs/src/checksum.c` does. */
export function weak(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return ((high << 16) | low) >>> 0;
}
