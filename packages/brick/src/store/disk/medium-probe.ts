import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { randomGfid } from "../../host-driver.js";
import { StoreError } from "../store-error.js";
import { storeErrorFrom } from "./platform-error.js";

const PROBE_FILE = "health-check";

/** Which file the records were opened in. */
export interface RecordsIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** @returns what tells the records of this store from others under the same path. */
export async function recordsIdentity(directory: string): Promise<RecordsIdentity> {
  const { dev, ino } = await stat(join(directory, "meta"));
  return { dev, ino };
}

/**
 * Finds out whether a directory still holds the store that was opened there, and takes what is written: a small file is
 * written, synced and read back.
 * @throws StoreError (as rejection) with what is wrong; `STORE_NO_SPACE` tells that the medium answered.
 */
export async function probeMedium(directory: string, records: RecordsIdentity): Promise<void> {
  try {
    const found = await recordsIdentity(directory);
    // The store holds its records open: no other file can have their number.
    if (found.dev !== records.dev || found.ino !== records.ino) {
      throw new StoreError("STORE_IO", `${directory} holds another store than the one that was opened`);
    }
    await writeAndReadBack(join(directory, PROBE_FILE));
  } catch (error) {
    // A file of the store that is missing is no missing blob.
    if (isMissing(error)) throw new StoreError("STORE_IO", `${directory} is gone`, { cause: error });
    throw storeErrorFrom(error, `health check of ${directory}`);
  }
}

async function writeAndReadBack(path: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT);
  try {
    const written = Buffer.from(`${randomGfid()}\n`);
    await file.write(written, 0, written.length, 0);
    await file.datasync();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(written.length), 0, written.length, 0);
    if (bytesRead !== written.length || !buffer.equals(written)) {
      throw new StoreError("STORE_IO", `${path} does not hold what was written to it`);
    }
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
