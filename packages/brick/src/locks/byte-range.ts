/** A run of bytes: from `startBytes` up to, not including, `endBytes`; `Infinity` is the end of any file. */
export interface ByteRange {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** Whether two ranges share a byte. */
export function overlaps(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes < other.endBytes && other.startBytes < one.endBytes;
}

/** Whether two ranges share a byte or meet without a gap. */
export function touches(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes <= other.endBytes && other.startBytes <= one.endBytes;
}

/** Whether two ranges are the same bytes. */
export function isSameRange(one: ByteRange, other: ByteRange): boolean {
  return one.startBytes === other.startBytes && one.endBytes === other.endBytes;
}
