import { seededRandom } from "@brickshift/testkit";
import { describe, expect, it } from "vitest";
import {
  type Gfid,
  gfidFromBytes,
  gfidToBytes,
  leaseIdFromBytes,
  leaseIdFromRandom,
  leaseIdToBytes,
  NULL_GFID,
  parseGfid,
  parseLeaseId,
  ROOT_GFID,
  writeGfid,
} from "../src/index.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

const text = "01234567-89ab-cdef-fedc-ba9876543210" as Gfid;
const hex = "0123456789abcdeffedcba9876543210";

describe("a gfid", () => {
  it("is 16 bytes in the order of its text", () => {
    expect(gfidFromBytes(fromHex(`ff${hex}ff`), 1)).toBe(text);
    expect(toHex(gfidToBytes(text))).toBe(hex);
    const target = new Uint8Array(18);
    writeGfid(text, target, 1);
    expect(toHex(target)).toBe(`00${hex}00`);
  });

  it("of zeros is no inode, and that of the root ends in one", () => {
    expect(gfidFromBytes(new Uint8Array(16))).toBe(NULL_GFID);
    expect(toHex(gfidToBytes(NULL_GFID))).toBe("00".repeat(16));
    expect(toHex(gfidToBytes(ROOT_GFID))).toBe("01".padStart(32, "0"));
    expect(gfidFromBytes(gfidToBytes(ROOT_GFID))).toBe(ROOT_GFID);
  });

  it("of any bytes comes back as the same bytes, seed 2", () => {
    const random = seededRandom(2);
    for (let index = 0; index < 1_000; index += 1) {
      const bytes = random.bytes(16);
      expect(gfidToBytes(gfidFromBytes(bytes))).toEqual(bytes);
      expect(parseGfid(gfidFromBytes(bytes).toUpperCase())).toBe(gfidFromBytes(bytes));
    }
  });

  it("that is cut off is refused", () => {
    expect(refusalOf(() => gfidFromBytes(new Uint8Array(16), 1))).toBe("WIRE_TRUNCATED");
  });

  it.each(["", hex, `${text}0`, text.replace("a", "g")])("is not %j", (other) => {
    expect(refusalOf(() => parseGfid(other))).toBe("WIRE_VALUE");
  });
});

describe("a lease-id", () => {
  it("is 16 bytes in hex", () => {
    expect(leaseIdFromBytes(fromHex(`ff${hex}`), 1)).toBe(hex);
    expect(toHex(leaseIdToBytes(parseLeaseId(hex.toUpperCase())))).toBe(hex);
    expect(refusalOf(() => leaseIdFromBytes(new Uint8Array(15)))).toBe("WIRE_TRUNCATED");
    expect(refusalOf(() => parseLeaseId(text))).toBe("WIRE_VALUE");
  });

  it("that we make has its only zero at the end, since stock bricks compare up to the first", () => {
    const random = Uint8Array.from({ length: 15 }, (_, index) => index % 3);
    expect(leaseIdFromRandom(random)).toBe("01010201010201010201010201010200");
  });
});
