import { decodeRecordMark } from "@brickshift/wire";

/** The records of a stream that is cut into them by marks; what comes after a wrong mark is one record. */
export function recordsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const { fragmentBytes } = decodeRecordMark(bytes, at);
    records.push(bytes.slice(at + 4, at + 4 + fragmentBytes));
    at += 4 + fragmentBytes;
  }
  return records;
}
