import { statfsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { open, type RootDatabase } from "lmdb";
import type { BrickStore } from "../store.js";
import { DiskData } from "./disk-data.js";
import { ChangeLog, readChangeLog } from "./change-log.js";
import { commitFailure } from "./commit-failure.js";
import { bringFromLog, DiskMeta, loggedNumber } from "./disk-meta.js";
import { lockDirectory } from "./directory-lock.js";
import { diskStoreOptions, type DiskStoreOptionsInput } from "./options.js";
import { probeMedium, recordsIdentity } from "./medium-probe.js";
import { faultOfRecords } from "./records-file.js";
import { storeErrorFrom } from "./platform-error.js";
import { Reserve } from "./reserve.js";
import { StoreError } from "../store-error.js";
import { randomGfid } from "../../host-driver.js";
import { makeStoreDirectory, openErrorOf } from "./store-directory.js";
import {
  damaged,
  isStoreDirectory,
  makeBlobDirectories,
  readStoreFormat,
  STORE_VERSION,
  writeStoreFormat,
} from "./store-format.js";

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
  let root: RootDatabase | undefined;
  let log: ChangeLog | undefined;
  try {
    makeStoreDirectory(resolve(directory));
    const reserve = new Reserve(directory);
    // Before the lock: its file needs room too, and whoever holds it may lose a piece of the reserve. In a directory that is
    // no store a file of that name is somebody's.
    if (isStoreDirectory(directory)) reserve.makeRoom();
    unlock = lockDirectory(directory);
    const known = readStoreFormat(directory);
    makeBlobDirectories(directory);
    root = openRecords(directory);
    const state = root.openDB<number | boolean, string>({ name: "store", encoding: "json" });
    const records = root.openDB<Uint8Array, Uint8Array>({
      name: "records",
      encoding: "binary",
      keyEncoding: "binary",
    });
    const boots = state.get(BOOT_COUNT);
    // Without this a store that lost its records would take all its blobs for garbage.
    if (known !== undefined && boots === undefined) throw damaged(directory, "its records are gone");
    const wasClosed = known === undefined || state.get(IS_CLOSED) === true;
    const bootCount = known === undefined ? 1 : Number(boots) + 1;
    const left = readChangeLog(directory, loggedNumber(state));
    const lastLeft = left.at(-1);
    const begun = root.transaction(() => {
      const changes = left.flatMap((record) => record.changes);
      if (lastLeft !== undefined) bringFromLog({ records, state, reserve }, changes, lastLeft.number);
      void state.put(BOOT_COUNT, bootCount);
      void state.put(IS_CLOSED, false);
    });
    await committed(begun).catch((error: unknown) => {
      throw reserve.failureOf(error, `open of ${directory}`);
    });
    reserve.keepFree(0);
    const id = known?.id ?? randomGfid();
    // After all that makes a store, and before the first change of which an older release would know nothing.
    if (known?.version !== STORE_VERSION) writeStoreFormat(directory, id);
    log = ChangeLog.create(directory);
    reserve.balance();
    const meta = new DiskMeta({ records, state, log, reserve, share: () => shareOf(directory) });
    const data = new DiskData(options);
    const opened = { root, log };
    let recording: Promise<unknown> | undefined;
    const close = async () => {
      meta.close();
      await data.close();
      await recording;
      try {
        await meta.commitLogged();
        reserve.balance();
        await committed(state.put(IS_CLOSED, true));
        await opened.root.close();
      } catch (error) {
        letGo(opened.root);
        throw reserve.failureOf(error, `close of ${directory}`);
      } finally {
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
      reserve.balance();
      const recorded = committed(state.put(CHECKS, checks));
      recording = recorded.catch(() => {});
      await recorded.catch((error: unknown) => {
        throw reserve.failureOf(error, `health check of ${directory}`);
      });
    };
    return { meta, data, id, bootCount, wasClosed, check, close: () => (closing ??= close()) };
  } catch (error) {
    letGo(root);
    log?.close();
    unlock();
    throw openErrorOf(error, directory);
  }
}

/** Part of the medium that the records take. lmdb's file does not become smaller. */
function shareOf(directory: string): number {
  try {
    const { blocks, bsize } = statfsSync(directory);
    return statSync(join(directory, "meta")).size / (blocks * bsize);
  } catch (error) {
    throw storeErrorFrom(error, `size of the records of ${directory}`);
  }
}

/** Closes without waiting: after a commit that failed lmdb waits for a flush that never comes (measured, lmdb-js 3.5). */
function letGo(root: RootDatabase | undefined): void {
  void root?.close();
}

/** Rejects with the reason of lmdb when a commit fails. */
async function committed<T>(commit: Promise<T>): Promise<T> {
  try {
    return await commit;
  } catch (error) {
    throw await commitFailure(error);
  }
}

function openRecords(directory: string): RootDatabase {
  const path = join(directory, "meta");
  const fault = faultOfRecords(path);
  if (fault !== undefined) throw damaged(directory, `${path} is damaged: ${fault}`);
  try {
    // With event turn batching lmdb makes promises that it hands to nobody: when a commit fails they end the process.
    return open({ path, noSubdir: true, maxDbs: 2, eventTurnBatching: false });
  } catch (error) {
    throw damaged(directory, `its records do not open (${String(error)})`, error);
  }
}
