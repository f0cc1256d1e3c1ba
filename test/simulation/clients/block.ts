import { BLOCK_BYTES } from "../check/history.js";

const WORDS = BLOCK_BYTES / 4;

/** The bytes of `blocks` blocks that hold `value`. */
export function bytesOf(value: number, blocks: number): Uint8Array {
  return new Uint8Array(new Uint32Array(blocks * WORDS).fill(value).buffer);
}

/** What `blocks` blocks hold, 0 beyond the end of `payload`; `undefined` when one of them is not of one piece. */
export function blocksOf(payload: Uint8Array, blocks: number): Uint32Array | undefined {
  const values = new Uint32Array(blocks);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (payload.length % BLOCK_BYTES !== 0) return undefined;
  for (let block = 0; block * BLOCK_BYTES < payload.length; block += 1) {
    const start = block * BLOCK_BYTES;
    const value = view.getUint32(start, true);
    for (let at = start + 4; at < start + BLOCK_BYTES; at += 4) {
      if (view.getUint32(at, true) !== value) return undefined;
    }
    values[block] = value;
  }
  return values;
}
