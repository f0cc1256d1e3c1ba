import { WireError } from "./errors.js";

/** Most bytes of one fragment: 31 bits. */
export const FRAGMENT_BYTES_MAX = 0x7fff_ffff;

/**
 * The four bytes before a fragment of a record. Peers in the field send every record as one, last fragment.
 * @throws {@link WireError} `WIRE_VALUE` when `fragmentBytes` does not fit 31 bits.
 * Source: RFC 5531 §11.
 */
export function encodeRecordMark(fragmentBytes: number, isLast = true): Uint8Array {
  if (!Number.isInteger(fragmentBytes) || fragmentBytes < 0 || fragmentBytes > FRAGMENT_BYTES_MAX) {
    throw new WireError("WIRE_VALUE", `a fragment of ${fragmentBytes} bytes`);
  }
  const mark = new Uint8Array(4);
  new DataView(mark.buffer).setUint32(0, isLast ? fragmentBytes + 0x8000_0000 : fragmentBytes);
  return mark;
}

/** The fragment that the mark at `offset` announces. @throws {@link WireError} `WIRE_TRUNCATED`. */
export function decodeRecordMark(
  bytes: Uint8Array,
  offset = 0,
): { readonly isLast: boolean; readonly fragmentBytes: number } {
  if (bytes.length - offset < 4) throw new WireError("WIRE_TRUNCATED", "a record mark is 4 bytes");
  const word = new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0);
  return { isLast: word >= 0x8000_0000, fragmentBytes: word & FRAGMENT_BYTES_MAX };
}
