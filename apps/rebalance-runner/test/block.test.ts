import { describe, expect, it } from "vitest";
import { blockBytes, blocksOf, lengthOfBlock, renderBlock, versionOf } from "../src/demo/block.js";

const id = { file: 7, block: 3, writer: 1 };

describe("a self-describing block", () => {
  it("tells its version when read by the same name", () => {
    expect(versionOf(renderBlock(id, 42, blockBytes), id)).toBe(42);
  });

  it.each([
    ["another file", { ...id, file: 8 }],
    ["another place", { ...id, block: 4 }],
    ["another writer", { ...id, writer: 0 }],
  ])("is not taken for one of %s", (_, other) => {
    expect(versionOf(renderBlock(id, 42, blockBytes), other)).toBeUndefined();
  });

  it("differs from every other version in its filler, so that a mix of two is seen", () => {
    const [first, second] = [renderBlock(id, 1, blockBytes), renderBlock(id, 2, blockBytes)];
    expect(first.subarray(24)).not.toEqual(second.subarray(24));
    const torn = Uint8Array.from([...first.subarray(0, 2_048), ...second.subarray(2_048)]);
    expect(torn).not.toEqual(renderBlock(id, versionOf(torn, id) ?? 0, blockBytes));
  });

  it("is not seen in bytes too short for a header or without the magic", () => {
    expect(versionOf(new Uint8Array(10), id)).toBeUndefined();
    expect(versionOf(new Uint8Array(blockBytes), id)).toBeUndefined();
  });
});

describe("blocks of a file", () => {
  it.each([
    [0, 0],
    [31, 0],
    [32, 1],
    [4_096, 1],
    [4_100, 1],
    [4_128, 2],
  ])("a file of %i bytes has %i", (sizeBytes, blocks) => {
    expect(blocksOf(sizeBytes)).toBe(blocks);
  });

  it("end with the file", () => {
    expect(lengthOfBlock(1, 4_200)).toBe(104);
    expect(lengthOfBlock(0, 4_200)).toBe(4_096);
  });
});
