import type { Gfid } from "@brickshift/wire";
import { beforeEach, describe, expect, it } from "vitest";
import { type BlockHistories, blockKey } from "../src/demo/ack-log.js";
import { blockBytes, renderBlock } from "../src/demo/block.js";
import { type AuditResult, judgePiece } from "../src/demo/judge.js";
import type { ManifestFile } from "../src/demo/manifest.js";

const file: ManifestFile = {
  index: 4,
  path: "a/b",
  gfid: "11111111-1111-1111-1111-111111111111" as Gfid,
  sizeBytes: 3 * blockBytes,
  mode: 0o100644,
  mtimeSec: 0,
  mtimeNsec: 0,
  origin: { seed: 1 },
};
// Two writers: block 1 belongs to writer 1, which was promised version 5 and has sent 6.
const histories: BlockHistories[] = [
  new Map(),
  new Map([[blockKey(4, 1), { acknowledged: 5, attempted: 6 }]]),
];
const original = new Uint8Array(3 * blockBytes).fill(9);
let result: AuditResult;

beforeEach(() => {
  result = {
    files: 0,
    bytes: 0,
    blocksChecked: 0,
    lostWrites: [],
    lost: 0,
    damagedFiles: [],
    originsChanged: 0,
  };
});

function judgeWithBlock1(block: Uint8Array): boolean {
  const bytes = original.slice();
  bytes.set(block, blockBytes);
  return judgePiece(file, 0, bytes, original, histories, result);
}

const version = (number: number) => renderBlock({ file: 4, block: 1, writer: 1 }, number, blockBytes);

describe("what is read back", () => {
  it.each([5, 6])("may be version %i: acknowledged, or sent after it", (number) => {
    expect(judgeWithBlock1(version(number))).toBe(true);
    expect(result).toMatchObject({ blocksChecked: 1, lost: 0 });
  });

  it("must not be an older version", () => {
    expect(judgeWithBlock1(version(4))).toBe(true);
    expect(result.lostWrites).toEqual([{ path: "a/b", block: 1, writer: 1, acknowledged: 5, found: 4 }]);
  });

  it("must not be the content before all writes", () => {
    judgeWithBlock1(original.slice(blockBytes, 2 * blockBytes));
    expect(result.lostWrites[0]?.found).toBe("original");
  });

  it("must not be half of one version and half of another", () => {
    const torn = version(5);
    torn.set(version(4).subarray(2_048), 2_048);
    judgeWithBlock1(torn);
    expect(result.lostWrites[0]?.found).toBe("torn");
  });

  it("must be unchanged where nobody wrote", () => {
    const bytes = original.slice();
    bytes.set(version(5), blockBytes);
    bytes[10] = 8;
    expect(judgePiece(file, 0, bytes, original, histories, result)).toBe(false);
    expect(result.lost).toBe(0);
  });

  it("must be all there", () => {
    expect(judgePiece(file, 0, original.subarray(0, 100), original, [new Map()], result)).toBe(false);
  });

  it("counts every lost write and keeps the first hundred", () => {
    for (let time = 0; time < 150; time += 1) judgeWithBlock1(version(1));
    expect(result.lost).toBe(150);
    expect(result.lostWrites.length).toBe(100);
  });
});
