/** Bytes of the mark that goes before every fragment. */
export const RECORD_MARK_BYTES = 4;

/** Largest fragment that a mark can announce, in bytes. */
export const FRAGMENT_BYTES_MAX = 0x7fff_ffff;

/**
 * Writes the mark of a record that is one fragment of `recordBytes` bytes to `target` at `offsetBytes`.
 * Source: RFC 5531 section 11: bit 31 = last fragment, bits 0 to 30 = length without the mark.
 */
export function writeRecordMark(target: Uint8Array, offsetBytes: number, recordBytes: number): void {
  if (!Number.isInteger(recordBytes) || recordBytes < 0 || recordBytes > FRAGMENT_BYTES_MAX) {
    throw new RangeError(`a record has 0 to ${FRAGMENT_BYTES_MAX} bytes, not ${recordBytes}`);
  }
  target[offsetBytes] = (recordBytes >>> 24) | 0x80;
  target[offsetBytes + 1] = (recordBytes >>> 16) & 0xff;
  target[offsetBytes + 2] = (recordBytes >>> 8) & 0xff;
  target[offsetBytes + 3] = recordBytes & 0xff;
}

/** The mark of a record that is one fragment of `recordBytes` bytes; see {@link writeRecordMark}. */
export function recordMark(recordBytes: number): Uint8Array {
  const mark = new Uint8Array(RECORD_MARK_BYTES);
  writeRecordMark(mark, 0, recordBytes);
  return mark;
}
