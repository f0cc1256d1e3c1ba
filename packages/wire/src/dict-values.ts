import type { Dict, DictValue } from "./dict.js";
import { WireError } from "./errors.js";
import type { Iatt } from "./iatt.js";
import { type Gfid, gfidFromBytes, gfidToBytes, parseGfid } from "./ids.js";
import { decodeName, nameToBytes } from "./names.js";

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
  switch (pair?.type) {
    case "str":
    case "ptr":
    case "str-old": {
      const end = pair.value.length - (pair.value.at(-1) === 0 ? 1 : 0);
      return decodeName(pair.value, 0, end);
    }
    case "int":
    case "uint":
    case "double":
      return String(pair.value);
    case "gfuuid":
      return pair.value;
    default:
      return undefined;
  }
}

/**
 * The value as bytes: as they came, a trailing NUL included; integers as their 8 bytes, big-endian.
 * `undefined` when absent or a struct.
 */
export function dictBytes(dict: Dict | null, key: string): Uint8Array | undefined {
  const pair = dict?.get(key);
  switch (pair?.type) {
    case "str":
    case "ptr":
    case "str-old":
      return pair.value;
    case "gfuuid":
      return gfidToBytes(pair.value);
    case "int":
    case "uint": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, pair.value));
      return bytes;
    }
    default:
      return undefined;
  }
}

/** The value as an integer, decimal text included, as stock getters do. `undefined` when absent or none. */
export function dictBigint(dict: Dict | null, key: string): bigint | undefined {
  const pair = dict?.get(key);
  switch (pair?.type) {
    case "int":
    case "uint":
      return pair.value;
    case "str":
    case "str-old": {
      const text = dictText(dict, key) as string;
      // 20 digits are the longest 64-bit number; anything longer would make a bigint of the peer's size.
      return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * As {@link dictBigint}, as a number.
 * @throws {@link WireError} `WIRE_NUMBER_RANGE` beyond ±(2^53 − 1).
 */
export function dictNumber(dict: Dict | null, key: string): number | undefined {
  const value = dictBigint(dict, key);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new WireError("WIRE_NUMBER_RANGE", `"${key}" exceeds 2^53 - 1`);
  return number;
}

/** The value as a gfid: one, 16 bytes, or its text. `undefined` when absent or something else. */
export function dictGfid(dict: Dict | null, key: string): Gfid | undefined {
  const pair = dict?.get(key);
  switch (pair?.type) {
    case "gfuuid":
      return pair.value;
    case "ptr":
    case "str":
    case "str-old": {
      if (pair.value.length === 16) return gfidFromBytes(pair.value);
      const text = dictText(dict, key) as string;
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? parseGfid(text) : undefined;
    }
    default:
      return undefined;
  }
}
