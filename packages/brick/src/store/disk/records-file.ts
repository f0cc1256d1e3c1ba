import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { faultOfPages } from "./records-pages.js";

const MAGIC = 0xbeef_c0de;
const META_BYTES = 192;
/** Flag of a head whose pages may not be on the disk yet. */
const BEFORE_SYNC = 0x1000;

/**
 * What is wrong with an lmdb file; `undefined` when nothing is, or when there is no file yet. lmdb maps the file and would end
 * the process with a signal on one that is cut short, is none of its own, or has pages that were overwritten.
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
  if (second.pageBytes !== first.pageBytes) return "its two heads are of two files";
  // The copy of the head that is written after a sync, if there is one yet.
  const synced = readMeta(fd, first.pageBytes >> 1);
  const boot = bootId();
  const newer = latest(first, second, boot);
  const used = synced === undefined ? newer : latest(newer, synced, boot);
  const lastPage = Number(used.lastPage);
  // Its length says nothing: the last pages may be free, and then they need not be there.
  if (lastPage > Number.MAX_SAFE_INTEGER / first.pageBytes) return `it has ${lastPage} pages`;
  return faultOfPages({ fd, sizeBytes: size, pageBytes: first.pageBytes, lastPage }, used.bytes);
}

interface Meta {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  readonly flags: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
  readonly boot: bigint;
}

/**
 * Which of two heads lmdb goes on from: the newer one, unless it was written before its pages were synced and the machine was
 * started again since.
 * Source: lmdb-js, `mdb_pick_meta`.
 */
function latest(one: Meta, other: Meta, boot: bigint | undefined): Meta {
  if (other.transaction === 0n) return one;
  const newer = one.transaction >= other.transaction ? one : other;
  const isSynced = (newer.flags & BEFORE_SYNC) === 0;
  if (isSynced || (newer.boot !== 0n && newer.boot === boot)) return newer;
  return newer === one ? other : one;
}

/** What lmdb takes for the identity of the start of this machine. */
function bootId(): bigint | undefined {
  try {
    const text = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return BigInt(`0x${text.slice(0, text.indexOf("-"))}`);
  } catch {
    return undefined;
  }
}

function readMeta(fd: number, offset: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(fd, bytes, 0, META_BYTES, offset) < META_BYTES) return undefined;
  if (bytes.readUInt32LE(24) !== MAGIC) return undefined;
  return {
    bytes,
    pageBytes: bytes.readUInt32LE(48),
    flags: bytes.readUInt16LE(52),
    lastPage: bytes.readBigUInt64LE(144),
    transaction: bytes.readBigUInt64LE(152),
    boot: bytes.readBigUInt64LE(160),
  };
}
