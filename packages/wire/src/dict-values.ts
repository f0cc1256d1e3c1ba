import type { Dict, DictValue } from "./dict.js";
import { WireError } from "./errors.js";
import type { Iatt } from "./iatt.js";
import { type Gfid, gfidFromBytes, gfidToBytes, parseGfid } from "./ids.js";
import { decodeName, nameToBytes } from "./names.js";

const gfidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Text as stock peers send it: its bytes and one NUL. */
export function textValue(text: string): DictValue {
  return { type: "str", value: nameToBytes(`${text}\0`) };
}

/** Any bytes, kept by reference until they are encoded. */
export function bytesValue(bytes: Uint8Array): DictValue {
  return { type: "ptr", value: bytes };
}

/** A signed integer. */
export function intValue(value: number | bigint): DictValue {
  return { type: "int", value: BigInt(value) };
}

/** An unsigned integer. */
export function uintValue(value: number | bigint): DictValue {
  return { type: "uint", value: BigInt(value) };
}

/** A gfid, as `gfid-req` has it. */
export function gfidValue(gfid: Gfid): DictValue {
  return { type: "gfuuid", value: gfid };
}

/** Attributes. */
export function iattValue(iatt: Iatt): DictValue {
  return { type: "iatt", value: iatt };
}

/** The value as text without one trailing NUL; numbers in decimal. `undefined` when absent or no text. */
export function dictText(dict: Dict | null, key: string): string | undefined {
  const pair = dict?.get(key);
  if (pair === undefined || pair.type === "iatt" || pair.type === "mdata") return undefined;
  return pair.value instanceof Uint8Array ? textOf(pair.value) : String(pair.value);
}

/**
 * The value as bytes: as they came, a trailing NUL included; a gfid as 16; integers as their 8, big-endian.
 * `undefined` when absent or a struct.
 */
export function dictBytes(dict: Dict | null, key: string): Uint8Array | undefined {
  const pair = dict?.get(key);
  if (pair === undefined) return undefined;
  if (pair.value instanceof Uint8Array) return pair.value;
  if (pair.type === "gfuuid") return gfidToBytes(pair.value);
  if (typeof pair.value !== "bigint") return undefined;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, pair.value));
  return bytes;
}

/** The value as an integer, decimal text included, as stock getters do. `undefined` when absent or none. */
export function dictBigint(dict: Dict | null, key: string): bigint | undefined {
  const pair = dict?.get(key);
  if (pair?.type === "int" || pair?.type === "uint") return pair.value;
  if (pair?.type !== "str" && pair?.type !== "str-old") return undefined;
  const text = textOf(pair.value);
  // 20 characters hold every 64-bit number; without a bound the peer would size our bigint.
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/**
 * As {@link dictBigint}, as a number.
 * @throws {@link WireError} `WIRE_NUMBER_RANGE` beyond ±(2^53 − 1).
 */
export function dictNumber(dict: Dict | null, key: string): number | undefined {
  const value = dictBigint(dict, key);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new WireError("WIRE_NUMBER_RANGE", `"${key}" exceeds 2^53 - 1`);
  }
  return number;
}

/** The value as a gfid: one, 16 bytes, or its text. `undefined` when absent or something else. */
export function dictGfid(dict: Dict | null, key: string): Gfid | undefined {
  const pair = dict?.get(key);
  if (pair?.type === "gfuuid") return pair.value;
  if (!(pair?.value instanceof Uint8Array)) return undefined;
  if (pair.value.length === 16) return gfidFromBytes(pair.value);
  const text = textOf(pair.value);
  return gfidPattern.test(text) ? parseGfid(text) : undefined;
}

function textOf(value: Uint8Array): string {
  return decodeName(value, 0, value.length - (value.at(-1) === 0 ? 1 : 0));
}
