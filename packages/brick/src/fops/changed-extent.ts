import type { Extent, Gfid } from "@brickshift/wire";
import type { FopCall } from "./fop-call.js";

/** The bytes that a change of the size to `sizeBytes` may change: all from the smaller of both sizes on. */
export function cutExtent(fop: FopCall, gfid: Gfid, sizeBytes: number): Extent {
  return { offset: Math.min(sizeOf(fop, gfid), sizeBytes), length: Infinity };
}

/**
 * The bytes that a change of `length` bytes from `offset` on may change. Behind the end of the file it makes a
 * hole as well, which counts: whoever copies may still hold bytes there from when the file was longer.
 */
export function writtenExtent(fop: FopCall, gfid: Gfid, offset: number, length: number): Extent {
  const start = Math.min(offset, sizeOf(fop, gfid));
  return { offset: start, length: offset + length - start };
}

/** The bytes that an append may change. Where it goes is known when it is there: never before the end of now. */
export function appendedExtent(fop: FopCall, gfid: Gfid): Extent {
  return { offset: sizeOf(fop, gfid), length: Infinity };
}

function sizeOf(fop: FopCall, gfid: Gfid): number {
  return fop.brick.tree.size(gfid);
}
