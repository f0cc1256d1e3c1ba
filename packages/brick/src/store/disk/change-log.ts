import { closeSync, constants, fdatasyncSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { KeyChange } from "../buffered-transaction.js";
import { writeFullySync } from "./file-io.js";
import { damaged } from "./store-format.js";
import { storeErrorFrom } from "./platform-error.js";

const CHANGE_LOG_FILE = "changes";
/** Of a record: check of all that follows, length of the changes, number of the record. */
const HEAD_BYTES = 16;
/** Of a change: length of the key, length of the value or {@link DELETED}. */
const CHANGE_HEAD_BYTES = 8;
const DELETED = 0xffff_ffff;

/** What one transaction changed. Numbers grow by one. */
export interface LogRecord {
  readonly number: number;
  readonly changes: readonly KeyChange[];
}

/**
 * A file of transactions that lmdb does not have yet. What is appended survives a kill of the process, since the kernel has it;
 * it is never synced, for by then lmdb has it. The file is written from its beginning again once lmdb has all of it, so that what
 * follows its last record may be older ones.
 */
export class ChangeLog {
  readonly #path: string;
  readonly #fd: number;
  #endBytes = 0;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /** Makes the log of a store empty, for good. @throws what the platform does. */
  static create(directory: string): ChangeLog {
    const path = join(directory, CHANGE_LOG_FILE);
    const log = new ChangeLog(path, openSync(path, constants.O_RDWR | constants.O_CREAT));
    try {
      // An old record must not follow one that is written from here on, and pass for its successor.
      ftruncateSync(log.#fd, 0);
      fdatasyncSync(log.#fd);
      return log;
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /** Length of what was appended since it was empty. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /** @throws StoreError `STORE_NO_SPACE`, `STORE_IO`; the record is not there then. */
  append(record: LogRecord): void {
    const bytes = encodeRecord(record);
    try {
      writeFullySync(this.#fd, this.#endBytes, bytes);
    } catch (error) {
      throw storeErrorFrom(error, `append to ${this.#path}`);
    }
    this.#endBytes += bytes.length;
  }

  /** lmdb has all of it. */
  empty(): void {
    this.#endBytes = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/**
 * What the log of a store has beyond the record of number `known`, which lmdb has.
 * @throws StoreError `STORE_DAMAGED` when a record between is missing: the log and the records are of two times.
 */
export function readChangeLog(directory: string, known: number): readonly LogRecord[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(directory, CHANGE_LOG_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const left = parseChangeLog(bytes).filter(({ number }) => number > known);
  const [first] = left;
  if (first !== undefined && first.number !== known + 1) {
    throw damaged(directory, `its log goes on at ${first.number}, and its records end at ${known}`);
  }
  return left;
}

/**
 * The records from the beginning of a log on, each one number above the one before. The first that is not whole ends it: it was not
 * acknowledged, or a power cut took it with all that came after.
 */
export function parseChangeLog(bytes: Buffer): readonly LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 4);
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) break;
    const number = Number(bytes.readBigUInt64LE(at + 8));
    const before = records.at(-1);
    const changes = parseChanges(bytes.subarray(at + HEAD_BYTES, end));
    if (changes === undefined || (before !== undefined && number !== before.number + 1)) break;
    records.push({ number, changes });
    at = end;
  }
  return records;
}

/** Length of a record of these changes. */
export function bytesOf(changes: readonly KeyChange[]): number {
  let length = HEAD_BYTES;
  for (const { key, value } of changes) length += CHANGE_HEAD_BYTES + key.length + (value?.length ?? 0);
  return length;
}

function encodeRecord({ number, changes }: LogRecord): Buffer {
  const length = bytesOf(changes);
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32LE(length - HEAD_BYTES, 4);
  bytes.writeBigUInt64LE(BigInt(number), 8);
  let at = HEAD_BYTES;
  for (const { key, value } of changes) {
    bytes.writeUInt32LE(key.length, at);
    bytes.writeUInt32LE(value === undefined ? DELETED : value.length, at + 4);
    bytes.set(key, at + CHANGE_HEAD_BYTES);
    at += CHANGE_HEAD_BYTES + key.length;
    if (value !== undefined) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

function parseChanges(bytes: Buffer): readonly KeyChange[] | undefined {
  const changes: KeyChange[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + CHANGE_HEAD_BYTES > bytes.length) return undefined;
    const keyEnd = at + CHANGE_HEAD_BYTES + bytes.readUInt32LE(at);
    const valueLength = bytes.readUInt32LE(at + 4);
    const end = valueLength === DELETED ? keyEnd : keyEnd + valueLength;
    if (end > bytes.length) return undefined;
    const value = valueLength === DELETED ? undefined : bytes.subarray(keyEnd, end);
    changes.push({ key: bytes.subarray(at + CHANGE_HEAD_BYTES, keyEnd), value });
    at = end;
  }
  return changes;
}
