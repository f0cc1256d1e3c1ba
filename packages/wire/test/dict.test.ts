import { describe, expect, it } from "vitest";
import {
  bytesValue,
  decodeBody,
  type Dict,
  dictBigint,
  dictBytes,
  dictGfid,
  dictNumber,
  dictText,
  type DictValue,
  EMPTY_DICT,
  encodeBody,
  type Gfid,
  gfidValue,
  iattValue,
  intValue,
  NO_IATT,
  textValue,
  uintValue,
} from "../src/index.js";
import { dict } from "../src/dict.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

const gfid = "46da5f7a-2d60-4b5b-88d1-98375e7e3208" as Gfid;
const mdata = { atime: 1, mtime: 2, ctime: -3, atimeNsec: 4, mtimeNsec: 5, ctimeNsec: 6 };

const encoded = (value: Dict | null) => toHex(...encodeBody(dict, value));
const decoded = (hex: string) => decodeBody(dict, fromHex(hex));
/** One pair with key "k" and the given type and value, all in hex. */
const withPair = (type: string, value: string) => {
  const pair = `000000026b000000${type}${value}`;
  return decoded(`${(pair.length / 2).toString(16).padStart(8, "0")}0000000100000001${pair}`);
};

describe("a dictionary", () => {
  it("that was not given differs from an empty one, both ways", () => {
    expect(encoded(null)).toBe("00000000ffffffff00000000");
    expect(encoded(EMPTY_DICT)).toBe("000000000000000000000000");
    expect(decoded("00000000ffffffff00000000")).toBeNull();
    expect(decoded("000000000000000000000000")).toEqual(new Map());
  });

  it("with any negative count was not given", () => {
    expect(decoded("00000000fffffff000000000")).toBeNull();
  });

  it("keeps every type of value and the order of its pairs, and announces its exact size", () => {
    const values: [string, DictValue][] = [
      ["text", textValue("söme")],
      ["bytes", bytesValue(Uint8Array.of(1, 2, 3))],
      ["empty", bytesValue(new Uint8Array(0))],
      ["old", { type: "str-old", value: Uint8Array.of(65, 0) }],
      ["int", intValue(-5)],
      ["uint", uintValue(0xffff_ffff_ffff_ffffn)],
      ["double", { type: "double", value: 2.5 }],
      ["gfid", gfidValue(gfid)],
      ["iatt", iattValue({ ...NO_IATT, gfid, size: 9, ino: 3n })],
      ["mdata", { type: "mdata", value: mdata }],
      ["ключ", intValue(1)],
    ];
    const hex = encoded(new Map(values));
    expect([...(decoded(hex) ?? [])]).toEqual(values);
    expect(Number.parseInt(hex.slice(0, 8), 16)).toBe(hex.length / 2 - 12);
    expect(encoded(decoded(hex))).toBe(hex);
  });

  it("has the bytes of its definition", () => {
    expect(encoded(new Map([["k", textValue("v")]]))).toBe(
      "000000140000000100000001000000026b000000000000050000000276000000",
    );
  });

  it.each([
    ["a key given twice", `000000280000000200000002${"000000026b000000000000060000000176000000".repeat(2)}`],
    ["pairs that are not those of its count", "000000000000000100000000"],
    ["pairs beside a negative count", "00000010ffffffff00000001000000026b0000000000000600000000"],
    ["a size without pairs", "000000040000000000000000"],
    ["a size without a dictionary", "00000004ffffffff00000000"],
    ["more pairs than its size has room for", "00000010000000ff000000ff000000026b0000000000000600000000"],
    [
      "a size that is too large for its pairs",
      "000000140000000100000001000000026b000000000000060000000000000000",
    ],
    [
      "a size that is too small for its pairs",
      "000000100000000100000001000000026b000000000000060000000161000000",
    ],
    ["a key without its NUL", "000000100000000100000001000000016b0000000000000600000000"],
    ["a key with two", "00000010000000010000000100000002000000000000000600000000"],
    ["a key of no bytes", "000000100000000100000001000000000000000600000000".padEnd(56, "0")],
    ["a value of type 0", "000000100000000100000001000000026b0000000000000000000000"],
    ["a value of type 10", "000000100000000100000001000000026b0000000000000a00000000"],
    ["a value of type −1", "000000100000000100000001000000026b000000ffffffff00000000"],
  ])("with %s is refused", (_what, hex) => {
    expect(refusalOf(() => decoded(hex))).toBe("WIRE_DICT");
  });

  it("that claims more pairs than there are bytes is refused before any is read", () => {
    expect(refusalOf(() => decoded("7fffffff7fffffff7fffffff"))).toBe("WIRE_TRUNCATED");
  });

  it("with a NUL in a key is not written", () => {
    expect(refusalOf(() => encoded(new Map([["a\0b", intValue(1)]])))).toBe("WIRE_VALUE");
  });

  it("with an integer that does not fit 64 bits is not written", () => {
    expect(refusalOf(() => encoded(new Map([["k", uintValue(-1)]])))).toBe("WIRE_VALUE");
    expect(refusalOf(() => encoded(new Map([["k", intValue(1n << 63n)]])))).toBe("WIRE_VALUE");
  });

  it("owns its values: they outlive the record", () => {
    const record = fromHex("000000140000000100000001000000026b000000000000060000000261620000");
    const value = decodeBody(dict, record);
    record.fill(0xff);
    expect(toHex(dictBytes(value, "k")!)).toBe("6162");
  });
});

describe("the readers of a dictionary", () => {
  const values: Dict = new Map<string, DictValue>([
    ["text", textValue("12")],
    ["raw", bytesValue(Uint8Array.of(0x31, 0x32))],
    ["word", textValue("twelve")],
    ["int", intValue(-12)],
    ["large", uintValue(1n << 60n)],
    ["digits", textValue("9".repeat(400))],
    ["gfid", gfidValue(gfid)],
    ["gfid text", textValue(gfid.toUpperCase())],
    ["gfid bytes", bytesValue(fromHex(gfid.replaceAll("-", "")))],
    ["iatt", iattValue(NO_IATT)],
    ["double", { type: "double", value: 0.5 }],
  ]);

  it.each([
    ["text", "12"],
    ["raw", "12"],
    ["int", "-12"],
    ["double", "0.5"],
    ["gfid", gfid],
    ["iatt", undefined],
    ["none", undefined],
  ])("give %j as the text %j", (key, text) => {
    expect(dictText(values, key)).toBe(text);
  });

  it.each([
    ["text", 12],
    ["int", -12],
    ["raw", undefined],
    ["word", undefined],
    ["digits", undefined],
    ["double", undefined],
    ["none", undefined],
  ])("give %j as the number %j", (key, number) => {
    expect(dictNumber(values, key)).toBe(number);
    expect(dictBigint(values, key)).toBe(number === undefined ? undefined : BigInt(number));
  });

  it("refuse to round a number", () => {
    expect(dictBigint(values, "large")).toBe(1n << 60n);
    expect(refusalOf(() => dictNumber(values, "large"))).toBe("WIRE_NUMBER_RANGE");
  });

  it.each([
    ["text", "313200"],
    ["raw", "3132"],
    ["int", "fffffffffffffff4"],
    ["gfid", gfid.replaceAll("-", "")],
  ])("give %j as the bytes %s", (key, hex) => {
    expect(toHex(dictBytes(values, key)!)).toBe(hex);
  });

  it("give no bytes of structs and of what is not there", () => {
    expect(dictBytes(values, "iatt")).toBeUndefined();
    expect(dictBytes(values, "double")).toBeUndefined();
    expect(dictBytes(null, "text")).toBeUndefined();
  });

  it.each(["gfid", "gfid text", "gfid bytes"])("give %j as a gfid", (key) => {
    expect(dictGfid(values, key)).toBe(gfid);
  });

  it.each(["text", "int", "iatt", "none"])("give no gfid for %j", (key) => {
    expect(dictGfid(values, key)).toBeUndefined();
  });

  it("read a value of every type by its number", () => {
    expect(withPair("00000004", "3fe0000000000000")?.get("k")).toEqual({ type: "double", value: 0.5 });
    expect(withPair("00000001", "0000000241000000")?.get("k")?.type).toBe("str-old");
  });
});
