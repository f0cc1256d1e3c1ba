/** The end of a range that goes on whatever the size of the file: beyond any offset that travels. */
export const END_OF_ANY_FILE = 1n << 64n;

/**
 * A run of bytes: from `startBytes` up to, not including, `endBytes`. Bigint, because internal locks of stock
 * clients use offsets next to 2^63.
 */
export interface ByteRange {
  readonly startBytes: bigint;
  readonly endBytes: bigint;
}

/** Whether two ranges share a byte. */
export function overlaps(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes < other.endBytes && other.startBytes < one.endBytes;
}

/** Whether two ranges share a byte or meet without a gap. */
export function touches(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes <= other.endBytes && other.startBytes <= one.endBytes;
}

/** Whether every byte of `other` is one of `one`. */
export function covers(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes <= other.startBytes && other.endBytes <= one.endBytes;
}

/** Whether two ranges are the same bytes. */
export function isSameRange(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes === other.startBytes && one.endBytes === other.endBytes;
}
