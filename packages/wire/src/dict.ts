import type { Codec } from "./codec.js";
import { WireError } from "./errors.js";
import { type Iatt, iatt } from "./iatt.js";
import type { Gfid } from "./ids.js";
import { type Mdata, mdata } from "./mdata.js";
import type { XdrReader } from "./xdr-reader.js";
import type { XdrWriter } from "./xdr-writer.js";

/**
 * A typed value of a dictionary. `str` is text and keeps its trailing NUL in `value`, `ptr` is any bytes,
 * `str-old` came from an untyped dictionary; integers of any width travel as 64 bits.
 */
export type DictValue =
  | { readonly type: "int" | "uint"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "str" | "ptr" | "str-old"; readonly value: Uint8Array }
  | { readonly type: "gfuuid"; readonly value: Gfid }
  | { readonly type: "iatt"; readonly value: Iatt }
  | { readonly type: "mdata"; readonly value: Mdata };

/** A typed dictionary; the order of its pairs carries no meaning but survives decoding and encoding. */
export type Dict = ReadonlyMap<string, DictValue>;

/** A dictionary that is there and holds nothing; on the wire it differs from none, `null`. */
export const EMPTY_DICT: Dict = new Map();

const tags = {
  "str-old": 1,
  int: 2,
  uint: 3,
  double: 4,
  str: 5,
  ptr: 6,
  gfuuid: 7,
  iatt: 8,
  mdata: 9,
} as const satisfies Record<DictValue["type"], number>;

/** Key (length, one padded word), tag, and an empty value. */
const pairBytesMin = 16;

/**
 * The `gfx_dict` of the 4.x program; `null` when none was given. The size it announces is exact both ways, as
 * the place of a payload is computed from it. Values are copied and may outlive the record.
 * @throws {@link WireError} `WIRE_DICT` for counts and sizes that disagree, a key without its NUL, a key given
 * twice, and a tag that is not known, since its value cannot be skipped.
 * Source: measured, every fop vector.
 */
export const dict: Codec<Dict | null> = {
  read(reader) {
    const pairBytes = reader.u32();
    const count = reader.i32();
    const length = reader.u32();
    if (length !== Math.max(count, 0))
      throw new WireError("WIRE_DICT", `${length} pairs, but a count of ${count}`);
    if (length === 0) {
      if (pairBytes !== 0) throw new WireError("WIRE_DICT", `no pairs in ${pairBytes} bytes`);
      return count < 0 ? null : EMPTY_DICT;
    }
    if (pairBytes > reader.remaining) throw new WireError("WIRE_TRUNCATED", "the dictionary is cut off");
    if (length * pairBytesMin > pairBytes)
      throw new WireError("WIRE_DICT", `${length} pairs in ${pairBytes} bytes`);
    const end = reader.offset + pairBytes;
    const pairs = new Map<string, DictValue>();
    for (let index = 0; index < length; index += 1) {
      const key = readKey(reader);
      if (pairs.has(key)) throw new WireError("WIRE_DICT", `"${key}" occurs twice`);
      pairs.set(key, readValue(reader));
    }
    if (reader.offset !== end) throw new WireError("WIRE_DICT", "the pairs do not take the bytes announced");
    return pairs;
  },
  write(writer, value) {
    const sizeAt = writer.offset;
    writer.u32(0);
    writer.i32(value === null ? -1 : value.size);
    writer.u32(value === null ? 0 : value.size);
    if (value === null || value.size === 0) return;
    const start = writer.offset;
    for (const [key, pairValue] of value) {
      if (key.includes("\0")) throw new WireError("WIRE_VALUE", "a key of a dictionary holds no NUL");
      writer.name(key, 1);
      writeValue(writer, pairValue);
    }
    writer.patchU32(sizeAt, writer.offset - start);
  },
  zero: null,
};

function readKey(reader: XdrReader): string {
  const key = reader.name();
  // A NUL inside would let two keys be one for a C peer and two for us.
  if (key.length === 0 || key.indexOf("\0") !== key.length - 1) {
    throw new WireError("WIRE_DICT", "a key ends in its only NUL");
  }
  return key.slice(0, -1);
}

function readValue(reader: XdrReader): DictValue {
  const tag = reader.i32();
  switch (tag) {
    case tags["str-old"]:
      return { type: "str-old", value: reader.opaque().slice() };
    case tags.int:
      return { type: "int", value: reader.i64() };
    case tags.uint:
      return { type: "uint", value: reader.u64() };
    case tags.double:
      return { type: "double", value: reader.double() };
    case tags.str:
      return { type: "str", value: reader.opaque().slice() };
    case tags.ptr:
      return { type: "ptr", value: reader.opaque().slice() };
    case tags.gfuuid:
      return { type: "gfuuid", value: reader.gfid() };
    case tags.iatt:
      return { type: "iatt", value: iatt.read(reader) };
    case tags.mdata:
      return { type: "mdata", value: mdata.read(reader) };
    default:
      throw new WireError("WIRE_DICT", `a value of unknown type ${tag}`);
  }
}

function writeValue(writer: XdrWriter, pair: DictValue): void {
  writer.i32(tags[pair.type]);
  switch (pair.type) {
    case "int":
      return writer.i64(pair.value);
    case "uint":
      return writer.u64(pair.value);
    case "double":
      return writer.double(pair.value);
    case "gfuuid":
      return writer.gfid(pair.value);
    case "iatt":
      return iatt.write(writer, pair.value);
    case "mdata":
      return mdata.write(writer, pair.value);
    case "str":
    case "ptr":
    case "str-old":
      return writer.opaque(pair.value);
  }
}
