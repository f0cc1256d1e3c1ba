import { type FopReply, type FopRequest, type Iatt, OpenFlags } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { TreeError } from "../tree/tree-error.js";
import { writtenExtent } from "./changed-extent.js";
import type { FopCall } from "./fop-call.js";
import { checkReadable, checkWritable, fileOf } from "./fop-file.js";
import type { FopSpec } from "./fop-spec.js";

/** Bytes copied in one step, so that a large copy holds little memory. */
const STEP_BYTES = 256 * 1_024;

const source = (fop: FopCall, request: FopRequest<"copyFileRange">) =>
  fileOf(fop, { gfid: request.gfid1, fd: request.fdIn });
const destination = (fop: FopCall, request: FopRequest<"copyFileRange">) =>
  fileOf(fop, { gfid: request.gfid2, fd: request.fdOut });

/**
 * COPY_FILE_RANGE. Copies up to the end of the source; `opRet` is what was copied. In the reply `stat` is the
 * source, `preparent` and `postparent` the destination before and after.
 */
export const copyFileRange: FopSpec<"copyFileRange"> = {
  targets: (fop, request) => [
    { gfid: destination(fop, request).gfid, gate: "copyFileRange" },
    { gfid: source(fop, request).gfid, gate: "copyFileRangeSource" },
  ],
  marks: (fop, request) => writtenExtent(fop, destination(fop, request).gfid, request.offOut, request.size),
  async handle(fop, request): Promise<FopReply<"copyFileRange">> {
    const { tree } = fop.brick;
    const [from, to] = [source(fop, request), destination(fop, request)];
    if (request.flag !== 0) throw new TreeError("TREE_INVALID", "copy_file_range has no flags");
    for (const { fd } of [from, to])
      if (fd?.kind === "directory") throw new TreeError("TREE_IS_DIRECTORY", "a directory has no ranges");
    checkReadable(from);
    checkWritable(to);
    if (((to.fd?.flags ?? 0) & OpenFlags.append) !== 0) {
      throw new BrickError("BRICK_FD_MODE", "the destination is open for appending");
    }
    // What is not there when it begins is not copied, and overlaps with nothing.
    const size = Math.min(request.size, Math.max(0, tree.size(from.gfid) - request.offIn));
    const range = { ...request, size };
    checkApart(range, from.gfid === to.gfid);
    const preparent = tree.stat(to.gfid);
    const opRet = await copy(fop, range, from.gfid, to.gfid);
    return {
      opRet,
      opErrno: 0,
      xdata: null,
      stat: tree.stat(from.gfid),
      preparent,
      postparent: tree.stat(to.gfid),
    };
  },
};

async function copy(
  fop: FopCall,
  { offIn, offOut, size }: FopRequest<"copyFileRange">,
  from: Iatt["gfid"],
  to: Iatt["gfid"],
): Promise<number> {
  const { tree, pool } = fop.brick;
  const buffer = pool.take(Math.min(size, STEP_BYTES));
  try {
    let copied = 0;
    while (copied < size) {
      const into = buffer.subarray(0, Math.min(buffer.length, size - copied));
      const { bytes } = await tree.read(from, offIn + copied, into, fop.access);
      if (bytes.length === 0) break;
      await tree.write(to, offOut + copied, bytes, fop.access);
      copied += bytes.length;
    }
    return copied;
  } finally {
    pool.give(buffer);
  }
}

/** @throws {@link TreeError} `TREE_INVALID` when source and destination overlap, as copy_file_range(2). */
function checkApart({ offIn, offOut, size }: FopRequest<"copyFileRange">, isSameFile: boolean): void {
  if (!isSameFile || offIn + size <= offOut || offOut + size <= offIn) return;
  throw new TreeError("TREE_INVALID", "source and destination overlap");
}
