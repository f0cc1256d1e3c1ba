/**
 * The first content of a generated large file: every 8 bytes hold their own place mixed with the seed, so
 * that a piece in the wrong place never compares equal.
 *
 * @param offsetBytes a multiple of 8
 * @param lengthBytes a multiple of 8
 */
export function generatedContent(seed: number, offsetBytes: number, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  const view = new DataView(bytes.buffer);
  const firstWord = offsetBytes / 8;
  for (let at = 0; at < lengthBytes; at += 8) {
    const word = firstWord + at / 8;
    view.setUint32(at, Math.imul(word ^ seed, 0x9e3779b1) >>> 0);
    view.setUint32(at + 4, (word + seed) >>> 0);
  }
  return bytes;
}
