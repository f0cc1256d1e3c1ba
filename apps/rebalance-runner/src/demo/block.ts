/**
 * The self-describing block of the demo's writers: every block says which file, block, writer and version
 * it is, and the rest of its bytes follow from that. Bytes read back are therefore either exactly one
 * version, or provably torn.
 *
 * Layout, big-endian: magic 4, length 4, file 4, block 4, writer 4, version 4, then filler.
 */
export interface BlockId {
  /** Index of the file in the demo's manifest. */
  readonly file: number;
  /** Index of the block in the file. */
  readonly block: number;
  /** Index of the writer, the only one who writes this block. */
  readonly writer: number;
}

/** Distance of two blocks in a file, in bytes; the last block of a file may be shorter. */
export const blockBytes = 4_096;
/** A shorter tail is left alone by the writers. */
export const blockBytesMin = 32;

const magic = 0x42534842;
const headerBytes = 24;

/** How many blocks a file of `sizeBytes` has. */
export function blocksOf(sizeBytes: number): number {
  const whole = Math.floor(sizeBytes / blockBytes);
  return sizeBytes % blockBytes >= blockBytesMin ? whole + 1 : whole;
}

/** Length in bytes of block `block` in a file of `sizeBytes`. */
export function lengthOfBlock(block: number, sizeBytes: number): number {
  return Math.min(blockBytes, sizeBytes - block * blockBytes);
}

/** The bytes of version `version` of a block, newly allocated. */
export function renderBlock(id: BlockId, version: number, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint32(4, lengthBytes);
  view.setUint32(8, id.file);
  view.setUint32(12, id.block);
  view.setUint32(16, id.writer);
  view.setUint32(20, version);
  let state =
    (Math.imul(id.file, 0x9e3779b1) ^
      Math.imul(id.block, 0x85ebca6b) ^
      Math.imul(version, 0xc2b2ae35) ^
      id.writer) |
    1;
  for (let at = headerBytes; at < lengthBytes; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

/** The version that `bytes` claims to be, when they carry a header for `id`; `undefined` otherwise. */
export function versionOf(bytes: Uint8Array, id: BlockId): number | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fits =
    view.getUint32(0) === magic &&
    view.getUint32(4) === bytes.length &&
    view.getUint32(8) === id.file &&
    view.getUint32(12) === id.block &&
    view.getUint32(16) === id.writer;
  return fits ? view.getUint32(20) : undefined;
}
