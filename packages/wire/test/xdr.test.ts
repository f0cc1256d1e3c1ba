import { seededRandom } from "@brickshift/testkit";
import { describe, expect, it } from "vitest";
import { type Gfid, XdrReader, XdrWriter } from "../src/index.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

function written(write: (writer: XdrWriter) => void, sizeHint?: number): string {
  const writer = new XdrWriter(sizeHint);
  write(writer);
  return toHex(...writer.finish());
}

const reader = (hex: string) => new XdrReader(fromHex(hex));

describe("integers", () => {
  it.each([
    ["u32", 0, "00000000"],
    ["u32", 0xffff_ffff, "ffffffff"],
    ["i32", -1, "ffffffff"],
    ["i32", -0x8000_0000, "80000000"],
    ["u64Number", 0, "0000000000000000"],
    ["u64Number", 0x1_0000_0001, "0000000100000001"],
    ["u64Number", Number.MAX_SAFE_INTEGER, "001fffffffffffff"],
    ["i64Number", -1, "ffffffffffffffff"],
    ["i64Number", -0x1_0000_0001, "fffffffeffffffff"],
    ["i64Number", Number.MIN_SAFE_INTEGER, "ffe0000000000001"],
    ["double", -1.5, "bff8000000000000"],
  ] as const)("%s %d is %s", (kind, value, hex) => {
    expect(written((writer) => writer[kind](value))).toBe(hex);
    expect(reader(hex)[kind]()).toBe(value);
  });

  it.each([
    ["u64", 0n, "0000000000000000"],
    ["u64", 0xffff_ffff_ffff_ffffn, "ffffffffffffffff"],
    ["i64", -2n, "fffffffffffffffe"],
    ["i64", 0x7fff_ffff_ffff_ffffn, "7fffffffffffffff"],
  ] as const)("%s %d is %s", (kind, value, hex) => {
    expect(written((writer) => writer[kind](value))).toBe(hex);
    expect(reader(hex)[kind]()).toBe(value);
  });

  it.each([
    ["u32", -1],
    ["u32", 2 ** 32],
    ["u32", 1.5],
    ["i32", 2 ** 31],
    ["i32", Number.NaN],
    ["u64Number", -1],
    ["u64Number", 2 ** 53],
    ["u64Number", 0.5],
    ["i64Number", -(2 ** 53)],
  ] as const)("%s refuses to write %d", (kind, value) => {
    expect(refusalOf(() => written((writer) => writer[kind](value)))).toBe("WIRE_VALUE");
  });

  it.each([
    ["u64", -1n],
    ["u64", 1n << 64n],
    ["i64", 1n << 63n],
    ["i64", -(1n << 63n) - 1n],
  ] as const)("%s refuses to write %d instead of wrapping it", (kind, value) => {
    expect(refusalOf(() => written((writer) => writer[kind](value)))).toBe("WIRE_VALUE");
  });

  it.each([
    ["u64Number", "0020000000000000"],
    ["u64Number", "ffffffffffffffff"],
    ["i64Number", "0020000000000000"],
    ["i64Number", "ffdfffffffffffff"],
  ] as const)("%s refuses to round %s", (kind, hex) => {
    expect(refusalOf(() => reader(hex)[kind]())).toBe("WIRE_NUMBER_RANGE");
  });

  it.each([
    "u32",
    "i32",
    "u64",
    "i64",
    "u64Number",
    "i64Number",
    "double",
    "gfid",
    "name",
    "opaque",
  ] as const)("%s refuses bytes that end too early", (kind) => {
    expect(refusalOf(() => reader("000000")[kind]())).toBe("WIRE_TRUNCATED");
  });
});

describe("opaque bytes", () => {
  it.each(["", "61", "6162", "616263", "61626364", "6162636465"])(
    "of %j are padded to whole words",
    (hex) => {
      const bytes = fromHex(hex);
      const wire = written((writer) => writer.opaque(bytes));
      expect(wire.length % 8).toBe(0);
      expect(wire.slice(8)).toBe(hex.padEnd(wire.length - 8, "0"));
      const back = reader(wire);
      expect(back.opaque()).toEqual(bytes);
      expect(back.remaining).toBe(0);
    },
  );

  it("with padding that is not zero are refused", () => {
    expect(refusalOf(() => reader("0000000161000001").opaque())).toBe("WIRE_PADDING");
    expect(refusalOf(() => reader("0000000161010000").name())).toBe("WIRE_PADDING");
  });

  it("without their padding are refused", () => {
    expect(refusalOf(() => reader("000000016100").opaque())).toBe("WIRE_TRUNCATED");
  });

  it("longer than their field are refused before they are looked at", () => {
    expect(refusalOf(() => reader("00000401").opaque(1_024))).toBe("WIRE_LENGTH");
  });

  it("that claim 4 GiB are refused without being allocated", () => {
    expect(refusalOf(() => reader("ffffffff6100").opaque())).toBe("WIRE_TRUNCATED");
    expect(refusalOf(() => reader("fffffffd6100").name())).toBe("WIRE_TRUNCATED");
  });

  it("are views when read, at any place in a larger buffer", () => {
    const record = fromHex("ffffffff000000046162636400");
    const bytes = new XdrReader(record.subarray(4, 12)).opaque();
    expect(bytes.buffer).toBe(record.buffer);
    expect(toHex(bytes)).toBe("61626364");
  });
});

describe("a reader", () => {
  it("that is not at the end says so", () => {
    const back = reader("0000000100");
    back.u32();
    expect(back.offset).toBe(4);
    expect(refusalOf(() => back.end())).toBe("WIRE_TRAILING_BYTES");
    expect(toHex(back.rest())).toBe("00");
    back.end();
  });
});

describe("a writer", () => {
  it("grows beyond its first room without losing a byte", () => {
    const hex = written((writer) => {
      for (let index = 0; index < 5_000; index += 1) writer.u32(index);
    }, 16);
    expect(hex.length).toBe(40_000);
    const back = reader(hex);
    for (let index = 0; index < 5_000; index += 1) expect(back.u32()).toBe(index);
  });

  it("keeps what it wrote while others write", () => {
    const gfid = "46da5f7a-2d60-4b5b-88d1-98375e7e3208" as Gfid;
    const first = new XdrWriter();
    first.gfid(gfid);
    const second = new XdrWriter();
    second.u32(0xffff_ffff);
    const others = second.finish();
    first.u32(7);
    const third = written((writer) => writer.opaque(fromHex("aa")));
    expect(toHex(...first.finish())).toBe("46da5f7a2d604b5b88d198375e7e320800000007");
    expect(toHex(...others)).toBe("ffffffff");
    expect(third).toBe("00000001aa000000");
  });

  it("keeps finished messages when their slab is full and the next one begins", () => {
    const messages = Array.from({ length: 3_000 }, (_, index) => {
      const writer = new XdrWriter(64);
      writer.u32(index);
      writer.opaque(Uint8Array.of(index & 0xff));
      return writer.finish();
    });
    for (const [index, chunks] of messages.entries()) {
      const back = new XdrReader(chunks[0]!);
      expect(back.u32()).toBe(index);
      expect([...back.opaque()]).toEqual([index & 0xff]);
    }
  });

  it("keeps messages apart that fill their room to the last byte, seed 3", () => {
    const random = seededRandom(3);
    const messages = Array.from({ length: 20_000 }, () => {
      const bytes = random.bytes(1 + random.below(64));
      const writer = new XdrWriter(bytes.length);
      writer.fixed(bytes);
      return { bytes, chunk: writer.finish()[0]! };
    });
    expect(messages.filter(({ bytes, chunk }) => toHex(bytes) !== toHex(chunk))).toEqual([]);
    expect(new Set(messages.map(({ chunk }) => chunk.buffer)).size).toBeGreaterThan(10);
  });

  it("hands a payload on as it is, and writes nothing after it", () => {
    const payload = fromHex("0102");
    const writer = new XdrWriter();
    writer.u32(1);
    writer.payload(payload);
    expect(writer.finish()[1]).toBe(payload);
    expect(() => writer.u32(1)).toThrow("nothing follows a payload");
    expect(() => writer.payload(payload)).toThrow("one payload");
  });

  it("patches only what it wrote", () => {
    const writer = new XdrWriter();
    writer.u32(0);
    writer.patchU32(0, 0xabcd);
    expect(toHex(...writer.finish())).toBe("0000abcd");
    expect(() => writer.patchU32(4, 1)).toThrow("only what was written");
  });
});
