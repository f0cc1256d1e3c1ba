/** The bytes of `blocks` blocks that hold `value`. */
export function bytesOf(value: number, blocks: number, blockBytes: number): Uint8Array {
  return new Uint8Array(new Uint32Array((blocks * blockBytes) / 4).fill(value).buffer);
}

/** What `blocks` blocks hold, 0 beyond the end of `payload`; `undefined` when one of them is not of one piece. */
export function blocksOf(payload: Uint8Array, blocks: number, blockBytes: number): Uint32Array | undefined {
  const values = new Uint32Array(blocks);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (payload.length % blockBytes !== 0) return undefined;
  for (let block = 0; block * blockBytes < payload.length; block += 1) {
    const start = block * blockBytes;
    const value = view.getUint32(start, true);
    for (let at = start + 4; at < start + blockBytes; at += 4) {
      if (view.getUint32(at, true) !== value) return undefined;
    }
    values[block] = value;
  }
  return values;
}
