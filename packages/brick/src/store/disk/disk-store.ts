import { resolve } from "node:path";
import type { BrickStore } from "../store.js";
import { DiskData } from "./disk-data.js";
import { committed } from "./commit-failure.js";
import { DiskMeta } from "./disk-meta.js";
import { lockDirectory } from "./directory-lock.js";
import { diskStoreOptions, type DiskStoreOptionsInput } from "./options.js";
import { probeMedium, recordsIdentity } from "./medium-probe.js";
import { storeErrorFrom } from "./platform-error.js";
import { RecordLog, type RecordLogInput } from "./record-log.js";
import { Records } from "./records.js";
import { StoreError } from "../store-error.js";
import { makeStoreDirectory, openErrorOf } from "./store-directory.js";
import { damaged, makeBlobDirectories, readStoreId, writeStoreId } from "./store-format.js";

const BOOT_COUNT = "boot-count";
const IS_CLOSED = "is-closed";
const CHECKS = "health-checks";

/**
 * Opens the store in a directory, or makes one there. Needs neither root nor filesystem xattrs.
 * @throws ZodError when `options` do not fit {@link diskStoreOptions}.
 * @throws StoreError (as rejection) `STORE_LOCKED` when a process uses it, `STORE_VERSION_UNKNOWN`, `STORE_DAMAGED`,
 *   `STORE_NOT_DIRECTORY`, `STORE_PERMISSION`, `STORE_IO`, `STORE_NO_SPACE`, `STORE_READ_ONLY`.
 */
export async function openDiskStore(input: DiskStoreOptionsInput): Promise<BrickStore> {
  const options = diskStoreOptions.parse(input);
  const { directory } = options;
  let unlock = () => {};
  let records: Records | undefined;
  let log: RecordLog | undefined;
  try {
    makeStoreDirectory(resolve(directory));
    unlock = lockDirectory(directory);
    const known = readStoreId(directory);
    makeBlobDirectories(directory);
    records = Records.open(directory);
    const { state } = records;
    const boots = state.get(BOOT_COUNT);
    // Without this a store that lost its records would take all its blobs for garbage.
    if (known !== undefined && boots === undefined) throw damaged(directory, "its records are gone");
    const wasClosed = known === undefined || state.get(IS_CLOSED) === true;
    log = openLog(directory, {
      applied: records.applied,
      fileBytes: options.logFileBytes,
      isMade: wasClosed,
    });
    if (!wasClosed) await redo(directory, records, log);
    const bootCount = known === undefined ? 1 : Number(boots) + 1;
    await committed(Promise.all([state.put(BOOT_COUNT, bootCount), state.put(IS_CLOSED, false)]));
    const id = known ?? writeStoreId(directory);
    const meta = new DiskMeta(records, log);
    const data = new DiskData(options);
    const opened = { records, log };
    let recording: Promise<unknown> | undefined;
    const close = async () => {
      await data.close();
      try {
        await meta.close();
        await recording;
        await committed(state.put(IS_CLOSED, true));
      } finally {
        await opened.records.close();
        opened.log.close();
        unlock();
      }
    };
    let closing: Promise<void> | undefined;
    const identity = await recordsIdentity(directory);
    let checks = 0;
    const checkOpen = () => {
      if (closing !== undefined) throw new StoreError("STORE_CLOSED", "the store is closed");
    };
    const check = async () => {
      checkOpen();
      await probeMedium(directory, identity);
      checkOpen();
      checks += 1;
      await meta.sync();
      const recorded = committed(state.put(CHECKS, checks));
      recording = recorded.catch(() => {});
      await recorded.catch((error: unknown) => {
        throw storeErrorFrom(error, `health check of ${directory}`);
      });
    };
    return { meta, data, id, bootCount, wasClosed, check, close: () => (closing ??= close()) };
  } catch (error) {
    await records?.close();
    log?.close();
    unlock();
    throw openErrorOf(error, directory);
  }
}

/** @throws StoreError `STORE_DAMAGED` when the log of a store that was not closed is gone. */
function openLog(directory: string, input: RecordLogInput): RecordLog {
  try {
    return RecordLog.open(directory, input);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw damaged(directory, "its log is gone", error);
    throw error;
  }
}

/** Brings to the records what was on its way to them when the process before ended. */
async function redo(directory: string, records: Records, log: RecordLog): Promise<void> {
  const left = log.left();
  if (left === undefined) throw damaged(directory, "its records are older than its log");
  const last = left.at(-1)?.number;
  if (last === undefined) return;
  await records.apply(
    left.flatMap(({ changes }) => changes),
    last,
  );
}
