import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type Gfid, parseGfid } from "@brickshift/wire";
import { StoreError } from "../store-error.js";

const FORMAT = "brickshift-brick-store";
/**
 * Version 1 has no log of changes, and a release that knows no more would lose what is in it; to one that knows version 2 a file
 * of which the content is kept with the records has none.
 */
export const STORE_VERSION = 3;
const knownVersions: ReadonlySet<unknown> = new Set([1, 2, STORE_VERSION]);
const FORMAT_FILE = "brickshift-store.json";

/** Directory of the blobs of one store, and within it one for each first byte of a gfid. */
export function blobDirectory(directory: string, byte: number): string {
  return join(directory, "data", byte.toString(16).padStart(2, "0"));
}

/** Whether a store has been made in a directory; what it says of itself is not looked at. */
export function isStoreDirectory(directory: string): boolean {
  return existsSync(join(directory, FORMAT_FILE));
}

/** What a store says of itself. */
export interface StoreFormat {
  readonly id: Gfid;
  readonly version: number;
}

/**
 * Reads what the store in a directory is; `undefined` when there is none yet and one may be made.
 * @throws StoreError `STORE_VERSION_UNKNOWN`, `STORE_DAMAGED`.
 */
export function readStoreFormat(directory: string): StoreFormat | undefined {
  const text = readFormat(directory);
  if (text === undefined) checkNothingIsLost(directory);
  return text === undefined ? undefined : parseStoreFormat(directory, text);
}

/** Makes the directories of blobs that are not there; they survive a power cut before the first blob is in them. */
export function makeBlobDirectories(directory: string): void {
  const data = join(directory, "data");
  mkdirSync(data, { recursive: true });
  const known = new Set(readdirSync(data));
  for (let byte = 0; byte < 256; byte += 1) {
    const path = blobDirectory(directory, byte);
    if (!known.has(basename(path))) mkdirSync(path);
  }
  if (known.size < 256) syncDirectory(data);
}

/**
 * Makes the directory a store. Comes after everything else that makes one: a kill before leaves a directory in which the
 * making starts again.
 */
export function writeStoreFormat(directory: string, id: Gfid): void {
  const text = JSON.stringify({ format: FORMAT, version: STORE_VERSION, id }, undefined, 2);
  writeDurably(directory, FORMAT_FILE, `${text}\n`);
}

/** Makes the entries of a directory survive a power cut. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readFormat(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, FORMAT_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What the text of a format file says. @throws StoreError `STORE_VERSION_UNKNOWN`, `STORE_DAMAGED`. */
export function parseStoreFormat(directory: string, text: string): StoreFormat {
  let format: { format?: unknown; version?: unknown; id?: unknown };
  let id: Gfid;
  try {
    format = JSON.parse(text) as typeof format;
    id = parseGfid(String(format.id));
  } catch (error) {
    throw damaged(directory, `${FORMAT_FILE} does not parse`, error);
  }
  if (format.format !== FORMAT) throw damaged(directory, `${FORMAT_FILE} is of "${String(format.format)}"`);
  if (!knownVersions.has(format.version)) {
    throw unknownVersion(directory, FORMAT_FILE, format.version, STORE_VERSION);
  }
  return { id, version: Number(format.version) };
}

/** Blobs or records without a format file: not a new store but one that lost it. */
function checkNothingIsLost(directory: string): void {
  const mayBeThere = /^(lock(\..*)?|meta(-lock)?|data|brickshift-store\.json\..*)$/;
  const names = readdirSync(directory);
  const other = names.find((name) => !mayBeThere.test(name));
  if (other !== undefined) {
    if (names.includes("meta") || names.includes("data")) {
      throw damaged(directory, `it is not empty ("${other}") and has no ${FORMAT_FILE}`);
    }
    const message = `${directory} holds "${other}" and is no store of a brick`;
    throw new StoreError("STORE_DAMAGED", `${message}: name an empty directory, or one that a brick made`);
  }
  if (!names.includes("data")) return;
  for (const name of readdirSync(join(directory, "data"))) {
    if (readdirSync(join(directory, "data", name)).length > 0) {
      throw damaged(directory, `it holds blobs and has no ${FORMAT_FILE}`);
    }
  }
}

/** Writes a file of the store so that a kill or a power cut leaves the old one or the new one. */
export function writeDurably(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  const fd = openSync(`${path}.new`, "w");
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncDirectory(join(directory, "data"));
  renameSync(`${path}.new`, path);
  syncDirectory(directory);
}

/** @returns `STORE_VERSION_UNKNOWN`, which tells what to do next. */
export function unknownVersion(directory: string, file: string, version: unknown, known: number): StoreError {
  return new StoreError(
    "STORE_VERSION_UNKNOWN",
    `${directory}: ${file} is of version ${String(version)}, this release reads ${known}: ` +
      "start it with the release that wrote it, or move the files to a new brick",
  );
}

/** @returns `STORE_DAMAGED`, which tells what to do next. */
export function damaged(directory: string, what: string, cause?: unknown): StoreError {
  const message = `${directory}: ${what}; bring it back from a copy, then run fsck`;
  return new StoreError("STORE_DAMAGED", message, { cause });
}
