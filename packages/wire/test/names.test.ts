import { seededRandom } from "@brickshift/testkit";
import { describe, expect, it } from "vitest";
import { decodeName, encodeName, nameByteLength, nameToBytes } from "../src/index.js";
import { refusalOf } from "./support/refusal.js";

const utf8 = new TextEncoder();

describe("a name", () => {
  it.each([
    "",
    "a",
    "seven77",
    "eight888",
    "nine99999",
    "Grüße.txt",
    "日本語のファイル名",
    "😀 and 𝔘𝔫𝔦",
    "\u{10ffff}\0\u07ff\u0800\uffff",
  ])("%j of valid UTF-8 has the bytes that everybody gives it", (text) => {
    const bytes = utf8.encode(text);
    expect(decodeName(bytes)).toBe(text);
    expect(nameToBytes(text)).toEqual(bytes);
    expect(nameByteLength(text)).toBe(bytes.length);
  });

  it.each([
    ["a byte that never occurs", [0xff], "\udcff"],
    ["Latin-1", [0x47, 0x72, 0xfc, 0xdf, 0x65], "Gr\udcfc\udcdfe"],
    ["a sequence that is cut off", [0x61, 0xe2, 0x82], "a\udce2\udc82"],
    ["a continuation without a start", [0x80, 0x61], "\udc80a"],
    ["an overlong slash", [0xc0, 0xaf], "\udcc0\udcaf"],
    ["an overlong three-byte form", [0xe0, 0x80, 0xaf], "\udce0\udc80\udcaf"],
    ["an overlong four-byte form", [0xf0, 0x80, 0x80, 0xaf], "\udcf0\udc80\udc80\udcaf"],
    ["a surrogate in UTF-8", [0xed, 0xb2, 0x80], "\udced\udcb2\udc80"],
    ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
    ["a sequence that breaks at its third byte", [0xf0, 0x9f, 0x98, 0x41], "\udcf0\udc9f\udc98A"],
    ["a bad byte after an emoji", [0xf0, 0x9f, 0x98, 0x80, 0x80], "😀\udc80"],
    ["a bad byte behind eight good ones", [...utf8.encode("12345678"), 0xff, 0x39], "12345678\udcff9"],
  ])("of %s keeps its bytes as lone surrogates", (_what, bytes, text) => {
    expect(decodeName(Uint8Array.from(bytes))).toBe(text);
    expect([...nameToBytes(text)]).toEqual(bytes);
  });

  it("of any bytes comes back as the same bytes, seed 1", () => {
    const random = seededRandom(1);
    let escaped = 0;
    for (let index = 0; index < 20_000; index += 1) {
      const start = random.below(4);
      const bytes = random
        .bytes(start + random.below(24))
        .map((byte) => (random.chance(0.5) ? byte | 0x80 : byte));
      const text = decodeName(bytes, start);
      expect(nameToBytes(text)).toEqual(bytes.slice(start));
      if (/[\udc80-\udcff]/.test(text)) escaped += 1;
    }
    expect(escaped).toBeGreaterThan(10_000);
  });

  it.each(["\ud800", "\udc7f", "\udd00", "a\udbffb", "\udfff"])(
    "with the lone surrogate %j, which stands for no byte, is refused",
    (text) => {
      expect(refusalOf(() => nameToBytes(text))).toBe("WIRE_VALUE");
    },
  );

  it("is written where it is asked to be, and the place after it is returned", () => {
    const target = new Uint8Array(8);
    expect(encodeName("äb", target, 2)).toBe(5);
    expect([...target]).toEqual([0, 0, 0xc3, 0xa4, 0x62, 0, 0, 0]);
  });
});
