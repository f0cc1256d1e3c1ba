/**
 * A journal in a file.
 *
 * @packageDocumentation
 */
import { closeSync, constants, existsSync, fsyncSync, openSync, readFileSync, truncateSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Gfid } from "@brickshift/wire";
import type { Intent, Journal, JournalStatus, RunHeader } from "./journal.js";
import { makeDirectory } from "./journal-directory.js";
import { takeJournalLock } from "./journal-lock.js";
import type { JournalRecord } from "./journal-records.js";
import { JournalState } from "./journal-state.js";
import { encodeRecords, encodeVersion, otherVersion, parseJournal } from "./journal-text.js";
import { RebalanceError } from "./rebalance-error.js";
import type { RunCounts } from "./run-tally.js";

/** Size from which the file is written anew, with what still counts, in bytes. */
const REWRITE_BYTES = 1_048_576;

/**
 * Lets a write return when its bytes are on the disk, as a write and a `datasync` together: one call for the thread pool in
 * place of two. Linux alone has it so: macOS lets such a write return while the drive may still have the bytes in its cache.
 */
const SYNCED_WRITES = process.platform === "linux" ? constants.O_DSYNC : 0;

/** How a journal is opened. */
export interface FileJournalInit {
  /** The directory of the journal; made when it is not there. */
  readonly directory: string;
  /** For a look only: takes no lock, and every change is refused. */
  readonly readOnly?: boolean;
}

/**
 * Opens a journal.
 * @throws RebalanceError `REBALANCE_JOURNAL_IN_USE`, `REBALANCE_JOURNAL_DAMAGED`, `REBALANCE_JOURNAL_VERSION`; a system
 * error when the directory cannot be made, or the file not be read.
 */
export function openFileJournal({ directory, readOnly = false }: FileJournalInit): Journal {
  if (!readOnly) makeDirectory(directory);
  const unlock = readOnly ? () => {} : takeJournalLock(join(directory, "lock"));
  try {
    // What is damaged shall show before anything is moved.
    return new FileJournal(directory, readOnly, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Waiting {
  readonly record: JournalRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Records are appended as they come, all that wait with one sync of the disk. The file is first made, and later made
 * smaller, under another name: after a power cut the old one or the new one is there whole.
 */
class FileJournal implements Journal {
  readonly #directory: string;
  readonly #path: string;
  readonly #readOnly: boolean;
  readonly #unlock: () => void;
  #state = new JournalState();
  #sizeBytes = 0;
  #check = 0;
  #file: FileHandle | undefined;
  #mustRewrite = false;
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Once the disk has failed nobody knows what it holds: no more is written. */
  #failure: { readonly error: unknown } | undefined;

  constructor(directory: string, readOnly: boolean, unlock: () => void) {
    this.#directory = directory;
    this.#path = join(directory, "journal");
    this.#readOnly = readOnly;
    this.#unlock = unlock;
    if (existsSync(join(directory, "journal.mdb"))) throw otherVersion("1");
    if (existsSync(this.#path)) this.#read();
  }

  status(): JournalStatus | undefined {
    return this.#state.status;
  }

  async begin(header: RunHeader): Promise<void> {
    this.#state = new JournalState();
    this.#mustRewrite = true;
    await this.#append({ type: "run", header: { startedWallMs: Date.now(), ...header } });
  }

  async intent(intent: Intent): Promise<void> {
    await this.#append({ type: "intent", intent });
  }

  async committed(gfid: Gfid): Promise<void> {
    if (this.#state.has(gfid)) await this.#append({ type: "committed", gfid });
  }

  async done(gfid: Gfid): Promise<void> {
    if (this.#state.has(gfid)) await this.#append({ type: "done", gfid });
  }

  async note(counts: RunCounts, state: JournalStatus["state"]): Promise<void> {
    await this.#append({ type: "note", counts, state });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    this.#unlock();
  }

  #read(): void {
    const bytes = readFileSync(this.#path);
    const { records, endBytes, check } = parseJournal(bytes);
    for (const record of records) this.#state.apply(record);
    if (!this.#readOnly && endBytes < bytes.length) {
      truncateSync(this.#path, endBytes);
      sync(this.#path, "r+");
    }
    this.#sizeBytes = endBytes;
    this.#check = check;
  }

  #append(record: JournalRecord): Promise<void> {
    if (this.#readOnly) {
      return Promise.reject(new RebalanceError("REBALANCE_JOURNAL_IN_USE", "it is open for a look only"));
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    this.#state.apply(record);
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async #write(): Promise<void> {
    // Whatever else is noted at this moment goes with the same sync.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        if (this.#failure !== undefined) throw this.#failure.error;
        // What is written anew has the batch in it: it is in the state since it was queued.
        if (this.#mustRewrite || this.#sizeBytes > REWRITE_BYTES) await this.#rewrite();
        else await this.#extend(batch.map(({ record }) => record));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failure ??= { error };
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #extend(records: readonly JournalRecord[]): Promise<void> {
    const { bytes, check } = encodeRecords(records, this.#check);
    const { O_APPEND, O_WRONLY } = constants;
    this.#file ??= await open(this.#path, O_WRONLY | O_APPEND | SYNCED_WRITES);
    await this.#file.appendFile(bytes);
    if (SYNCED_WRITES === 0) await this.#file.datasync();
    this.#sizeBytes += bytes.length;
    this.#check = check;
  }

  async #rewrite(): Promise<void> {
    const first = encodeVersion();
    const { bytes, check } = encodeRecords(this.#state.records(), first.check);
    this.#mustRewrite = false;
    await this.#file?.close();
    this.#file = undefined;
    const file = await open(`${this.#path}.new`, "w");
    try {
      await file.appendFile(Buffer.concat([first.bytes, bytes]));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
    // Windows opens no directories.
    if (process.platform !== "win32") sync(this.#directory, "r");
    this.#sizeBytes = first.bytes.length + bytes.length;
    this.#check = check;
  }
}

function sync(path: string, flags: "r" | "r+"): void {
  const fd = openSync(path, flags);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
