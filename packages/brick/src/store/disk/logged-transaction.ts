import { crc32 } from "node:zlib";
import type { KeyChange } from "../changed-range.js";

/** A transaction as the log has it. */
export interface LoggedTransaction {
  /** 1 for the first of a store, one more for each. */
  readonly number: number;
  readonly changes: readonly KeyChange[];
}

/** Length of what follows the checksum, checksum of that; then the number, and the changes. */
const HEADER_BYTES = 8;
const NUMBER_BYTES = 6;
/** Length of the key, and of the value and one more; 0 for a key that is deleted. */
const CHANGE_HEADER_BYTES = 6;

/** The bytes of a transaction; all integers are little-endian. */
export function encodeTransaction({ number, changes }: LoggedTransaction): Buffer {
  let length = NUMBER_BYTES;
  for (const { key, value } of changes) length += CHANGE_HEADER_BYTES + key.length + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
  let at = bytes.writeUIntLE(number, HEADER_BYTES, NUMBER_BYTES);
  for (const { key, value } of changes) {
    at = bytes.writeUInt16LE(key.length, at);
    at = bytes.writeUInt32LE(value === undefined ? 0 : value.length + 1, at);
    bytes.set(key, at);
    at += key.length;
    if (value === undefined) continue;
    bytes.set(value, at);
    at += value.length;
  }
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 4);
  return bytes;
}

/**
 * The transactions at the beginning of `bytes`, up to the first that is not whole, or does not follow the one before: there
 * ends what was written since the bytes were last used from their beginning. They are views of `bytes`.
 */
export function decodeTransactions(bytes: Buffer): LoggedTransaction[] {
  const found: LoggedTransaction[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    const body = bytes.subarray(at + HEADER_BYTES, end);
    if (end > bytes.length || body.length < NUMBER_BYTES || crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    const transaction = decodeBody(body);
    const before = found.at(-1);
    if (transaction === undefined) break;
    if (before !== undefined && transaction.number !== before.number + 1) break;
    found.push(transaction);
    at = end;
  }
  return found;
}

/** `undefined` for a body that was not written by {@link encodeTransaction}, whatever its checksum says. */
function decodeBody(body: Buffer): LoggedTransaction | undefined {
  const changes: KeyChange[] = [];
  let at = NUMBER_BYTES;
  while (at < body.length) {
    if (at + CHANGE_HEADER_BYTES > body.length) return undefined;
    const keyEnd = at + CHANGE_HEADER_BYTES + body.readUInt16LE(at);
    const valueBytes = body.readUInt32LE(at + 2) - 1;
    const end = keyEnd + Math.max(valueBytes, 0);
    if (end > body.length) return undefined;
    const key = body.subarray(at + CHANGE_HEADER_BYTES, keyEnd);
    changes.push({ key, value: valueBytes < 0 ? undefined : body.subarray(keyEnd, end) });
    at = end;
  }
  return { number: body.readUIntLE(0, NUMBER_BYTES), changes };
}
