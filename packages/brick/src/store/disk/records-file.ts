import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MAGIC = 0xbeef_c0de;
const META_BYTES = 192;

/**
 * What is wrong with an lmdb file at first sight; `undefined` when nothing is, or when there is no file yet. lmdb maps
 * the file and would end the process with a signal on one that is cut short or is none of its own.
 * Pages that were overwritten in the middle are not found out here.
 * Source: lmdb, `MDB_page` (24 bytes in lmdb-js) followed by `MDB_meta`, on the first two pages.
 */
export function faultOfRecords(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(fd);
    return size === 0 ? undefined : faultOf(fd, size);
  } finally {
    closeSync(fd);
  }
}

function faultOf(fd: number, size: number): string | undefined {
  const first = readMeta(fd, 0);
  if (first === undefined || first.pageBytes < 256) return "it is no lmdb file";
  const second = readMeta(fd, first.pageBytes);
  if (second === undefined) return "its second page is not lmdb's";
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
