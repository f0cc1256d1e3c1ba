import { type BlockHistories, blockKey } from "./ack-log.js";
import { type BlockId, blockBytes, blocksOf, lengthOfBlock, renderBlock, versionOf } from "./block.js";
import type { ManifestFile } from "./manifest.js";

/** A block that does not hold what its writer was promised. */
export interface LostWrite {
  readonly path: string;
  readonly block: number;
  readonly writer: number;
  /** Version that was acknowledged. */
  readonly acknowledged: number;
  /** What is there instead: an older version, the content before all writes, or bytes of no version. */
  readonly found: number | "original" | "torn";
}

/** What reading everything back has shown so far. */
export interface AuditResult {
  files: number;
  bytes: number;
  /** Blocks that some writer has written, and that were compared with its memory. */
  blocksChecked: number;
  lostWrites: LostWrite[];
  /** How many writes were lost in all; {@link lostWrites} keeps the first of them. */
  lost: number;
  /** Files whose never-written bytes differ from what was put there. */
  damagedFiles: string[];
  /** Files whose origin on this machine is not what was put on the brick any more: only written blocks are compared. */
  originsChanged: number;
}

const lostWritesKeptMax = 100;

/**
 * Compares a piece that was read back with what must be there, and adds what it finds to `result`.
 *
 * @param offset place of the piece in the file, a multiple of {@link blockBytes}
 * @param expected the bytes that were there before all writes
 * @param histories what each writer was promised, by writer
 * @returns true when every byte outside the written blocks is what it was
 */
export function judgePiece(
  file: ManifestFile,
  offset: number,
  bytes: Uint8Array,
  expected: Uint8Array,
  histories: readonly BlockHistories[],
  result: AuditResult,
): boolean {
  let intact = bytes.length === expected.length;
  const blocks = blocksOf(file.sizeBytes);
  for (let at = 0; at < expected.length; at += blockBytes) {
    const block = (offset + at) / blockBytes;
    const end = Math.min(at + blockBytes, expected.length);
    const found = bytes.subarray(at, end);
    const original = expected.subarray(at, end);
    const writer = block % histories.length;
    const history = block < blocks ? histories[writer]?.get(blockKey(file.index, block)) : undefined;
    if (history === undefined) {
      if (!equal(found, original)) intact = false;
      continue;
    }
    result.blocksChecked += 1;
    const state = stateOf(
      found,
      original,
      { file: file.index, block, writer },
      lengthOfBlock(block, file.sizeBytes),
    );
    const version = state === "original" ? 0 : state;
    if (version === "torn" || version < history.acknowledged) {
      result.lost += 1;
      if (result.lostWrites.length < lostWritesKeptMax) {
        result.lostWrites.push({
          path: file.path,
          block,
          writer,
          acknowledged: history.acknowledged,
          found: state,
        });
      }
    }
  }
  return intact;
}

function stateOf(
  found: Uint8Array,
  original: Uint8Array,
  id: BlockId,
  lengthBytes: number,
): number | "original" | "torn" {
  const version = versionOf(found, id);
  if (version !== undefined) return equal(found, renderBlock(id, version, lengthBytes)) ? version : "torn";
  return equal(found, original) ? "original" : "torn";
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
