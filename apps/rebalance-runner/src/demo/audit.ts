import { type FileHandle, open } from "node:fs/promises";
import type { BlockHistories } from "./ack-log.js";
import { blockBytes } from "./block.js";
import type { BrickPair } from "./brick-pair.js";
import { generatedContent } from "./generated-content.js";
import { type AuditResult, judgePiece } from "./judge.js";
import type { ManifestFile } from "./manifest.js";

const pieceBytes = 256 * blockBytes;
const concurrency = 16;

/**
 * Reads every byte of every file through the clients and compares it: blocks that were written with the
 * writers' memory, all others with the origin.
 */
export async function audit(
  pair: BrickPair,
  files: readonly ManifestFile[],
  histories: readonly BlockHistories[],
  result: AuditResult,
  signal?: AbortSignal,
): Promise<void> {
  const queue = files.values();
  const worker = async () => {
    for (const file of queue) {
      signal?.throwIfAborted();
      await auditFile(pair, file, histories, result, signal);
      result.files += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function auditFile(
  pair: BrickPair,
  file: ManifestFile,
  histories: readonly BlockHistories[],
  result: AuditResult,
  signal?: AbortSignal,
): Promise<void> {
  const origin = await openOrigin(file);
  let damaged = false;
  try {
    for (let offset = 0; offset < file.sizeBytes; offset += pieceBytes) {
      const length = Math.min(pieceBytes, file.sizeBytes - offset);
      const expected = await origin.read(offset, length);
      const check = (bytes: Uint8Array) => judgePiece(file, offset, bytes, expected, histories, result);
      if (!(await pair.read(file.gfid, offset, length, check, signal))) damaged = true;
      result.bytes += length;
    }
  } finally {
    await origin.close();
  }
  if (!damaged) return;
  if (origin.hasChanged) result.originsChanged += 1;
  else result.damagedFiles.push(file.path);
}

interface Origin {
  /** It is not what was put on the brick any more. */
  readonly hasChanged: boolean;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

async function openOrigin(file: ManifestFile): Promise<Origin> {
  const origin = file.origin;
  if ("seed" in origin) {
    return {
      hasChanged: false,
      read: (offset, length) => Promise.resolve(generatedContent(origin.seed, offset, length)),
      close: () => Promise.resolve(),
    };
  }
  const handle: FileHandle = await open(origin.file, "r");
  const { mtimeNs } = await handle.stat({ bigint: true });
  return {
    hasChanged: mtimeNs !== BigInt(file.mtimeSec) * 1_000_000_000n + BigInt(file.mtimeNsec),
    read: async (offset, length) => {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}
