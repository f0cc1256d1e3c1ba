import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

const MAGIC = 0xbeef_c0de;
const META_BYTES = 192;

/**
 * What is wrong with the file of a journal; `undefined` when nothing is, or when there is none yet. LMDB maps its file
 * into memory, and a damaged one ends the process with a signal: so it is looked at before.
 *
 * A journal that was closed has a seal beside it, a checksum of the whole file. One whose process was ended early has
 * none; then only its head and its length are looked at.
 * Source: lmdb, `MDB_page` (24 bytes in lmdb-js) followed by `MDB_meta`, on the first two pages.
 */
export function faultOfJournal(file: string, seal: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(fd);
    return (size === 0 ? undefined : faultOfHead(fd, size)) ?? faultOfSeal(file, seal);
  } finally {
    closeSync(fd);
  }
}

/** Seals the file of a journal that was closed. After a power cut the seal is there whole, with what it seals, or not at all. */
export function sealJournal(file: string, seal: string): void {
  const unfinished = `${seal}.new`;
  sync(file, "r+");
  writeFileSync(unfinished, checksum(file));
  sync(unfinished, "r+");
  renameSync(unfinished, seal);
  syncDirectory(dirname(seal));
}

/** Takes the seal away: from now on the file changes. A power cut does not bring the seal back. */
export function unsealJournal(seal: string): void {
  rmSync(seal, { force: true });
  syncDirectory(dirname(seal));
}

function syncDirectory(directory: string): void {
  // Windows opens no directories.
  if (process.platform !== "win32") sync(directory, "r");
}

function sync(path: string, flags: "r" | "r+"): void {
  const fd = openSync(path, flags);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function faultOfHead(fd: number, size: number): string | undefined {
  const first = readMeta(fd, 0);
  if (first === undefined || first.pageBytes < 256) return "it is no LMDB file";
  const second = readMeta(fd, first.pageBytes);
  if (second === undefined) return "its second page is not LMDB's";
  const last = second.transaction > first.transaction ? second : first;
  const wanted = (last.lastPage + 1n) * BigInt(first.pageBytes);
  return BigInt(size) < wanted ? `it has ${size} bytes of ${wanted}` : undefined;
}

function readMeta(fd: number, offset: number) {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(fd, bytes, 0, META_BYTES, offset) < META_BYTES) return undefined;
  if (bytes.readUInt32LE(24) !== MAGIC) return undefined;
  return {
    pageBytes: bytes.readUInt32LE(48),
    lastPage: bytes.readBigUInt64LE(144),
    transaction: bytes.readBigUInt64LE(152),
  };
}

function faultOfSeal(file: string, seal: string): string | undefined {
  let sealed: string;
  try {
    sealed = readFileSync(seal, "utf8");
  } catch {
    return undefined;
  }
  return sealed === checksum(file) ? undefined : "it was changed after it was closed";
}

function checksum(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
