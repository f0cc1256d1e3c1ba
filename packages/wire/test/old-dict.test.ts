import { describe, expect, it } from "vitest";
import {
  decodeOldDict,
  dump,
  decodeBody,
  encodeBody,
  encodeOldDict,
  oldDictOf,
  oldDictText,
  oldDictValue,
} from "../src/index.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

describe("an old dictionary", () => {
  it("has the bytes of its definition: no padding, and a NUL that the key's length leaves out", () => {
    const value = oldDictOf({ "fops-version": "1298437", a: "" });
    expect(toHex(encodeOldDict(value))).toBe(
      "00000002" +
        "0000000c00000008" +
        toHex(new TextEncoder().encode("fops-version\x001298437\0")) +
        "0000000100000001" +
        "610000",
    );
    expect(decodeOldDict(encodeOldDict(value))).toEqual(value);
  });

  it("of no bytes was not given, of none pairs is empty", () => {
    const ping = (xdata: string) => decodeBody(dump.ping.reply, fromHex(`0000000000000000${xdata}`)).xdata;
    expect(ping("00000000")).toBeNull();
    expect(ping("0000000400000000")).toEqual(new Map());
    const reply = { opRet: 0, opErrno: 0, xdata: new Map() };
    expect(toHex(...encodeBody(dump.ping.reply, reply)).slice(16)).toBe("0000000400000000");
    expect(toHex(...encodeBody(dump.ping.reply, { ...reply, xdata: null })).slice(16)).toBe("00000000");
  });

  it("gives texts without their NUL, and without one when there is none", () => {
    const value = new Map([
      ["with", oldDictValue("10.3")],
      ["without", Uint8Array.of(0x41)],
    ]);
    expect(value.get("with")!.length).toBe(5);
    expect(oldDictText(value, "with")).toBe("10.3");
    expect(oldDictText(value, "without")).toBe("A");
    expect(oldDictText(value, "none")).toBeUndefined();
    expect(oldDictText(null, "with")).toBeUndefined();
  });

  it.each([
    ["a key given twice", `00000002${"00000001000000006100".repeat(2)}`, "WIRE_DICT"],
    ["a key without its NUL", "0000000100000001000000006161", "WIRE_DICT"],
    ["a NUL in a key", "000000010000000200000000610000", "WIRE_DICT"],
    ["more pairs than bytes", "ffffffff00000001000000006100", "WIRE_DICT"],
    ["a value that is cut off", "0000000100000001000000046100ff", "WIRE_TRUNCATED"],
    ["a key that is cut off", "00000001ffffffff000000006100", "WIRE_TRUNCATED"],
    ["bytes after its pairs", "0000000100000001000000006100ff", "WIRE_TRAILING_BYTES"],
  ])("with %s is refused", (_what, hex, code) => {
    expect(refusalOf(() => decodeOldDict(fromHex(hex)))).toBe(code);
  });

  it("with a NUL in a key is not written", () => {
    expect(refusalOf(() => encodeOldDict(new Map([["a\0", new Uint8Array(0)]])))).toBe("WIRE_VALUE");
  });
});
