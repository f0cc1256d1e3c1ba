import type { Database } from "lmdb";
import { BufferedTransaction, type KeyChange } from "../buffered-transaction.js";
import type { MetaEntry, MetaRange, MetaReader, MetaStore, MetaTransaction, Survives } from "../store.js";
import { hostLater } from "../../host-driver.js";
import { StoreError } from "../store-error.js";
import { bytesOf, type ChangeLog } from "./change-log.js";
import { commitFailure } from "./commit-failure.js";
import { BYTES_PER_CHANGE, type Reserve } from "./reserve.js";

type Outcome<T> = { readonly result: T } | { readonly error: unknown };

/** Key, in the state of the store, of the number of the last record of the log that lmdb has. */
const LOGGED = "logged";
/** So many keys, and bytes in the log, are kept for lmdb at most: no more than the reserve has room for. */
const LOGGED_MAX = 256;
const LOGGED_BYTES_MAX = 262_144;
/** After so long at the latest lmdb is given what is in the log. */
const LOGGED_MS_MAX = 200;
/** Where lmdb could not take it, it is asked again after so long: each time it says on the standard error why. */
const RETRY_MS = 2_000;

/** Where {@link DiskMeta} keeps its records. */
export interface DiskMetaParts {
  readonly records: Database<Uint8Array, Uint8Array>;
  readonly state: Database<number | boolean, string>;
  readonly log: ChangeLog;
  readonly reserve: Reserve;
  /** As {@link MetaStore.share}. */
  readonly share: () => number;
}

/**
 * Records in lmdb. lmdb runs many transactions as one commit, so that one sync of the disk serves all that wait.
 * Source: measured, 40k transactions/s with 64 callers, 0.5 ms for one alone.
 *
 * What has to survive a kill only is not given to lmdb at once: it goes to a log, and is kept in memory until the next commit
 * takes it along, before its own. As long as a commit is under way there is no such short way: then all go through lmdb, in order.
 */
export class DiskMeta implements MetaStore {
  readonly #parts: DiskMetaParts;
  /** lmdb as it is: within a transaction with what the transaction wrote. */
  readonly #records: MetaReader;
  /** What is in the log and perhaps not in lmdb. */
  #logged: BufferedTransaction;
  #loggedNumber: number;
  #committing = 0;
  #version = 0;
  /** As of the last commit. */
  #share: number | undefined;
  /** The last commit failed: perhaps it is made all the same, and what lmdb shows changes without another word. */
  #isUnclear = false;
  #isClosed = false;
  #stopTimer: (() => void) | undefined;

  constructor(parts: DiskMetaParts) {
    const { records, state } = parts;
    this.#parts = parts;
    this.#records = {
      get: (key) => copyOf(records.getBinaryFast(key)),
      range: (range) => [...records.getRange(lmdbRange(range))],
    };
    this.#logged = new BufferedTransaction(this.#records);
    this.#loggedNumber = loggedNumber(state);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    return this.#reader.get(key);
  }

  range(range: MetaRange): Iterable<MetaEntry> {
    this.#check();
    return this.#reader.range(range);
  }

  version(): number | undefined {
    this.#check();
    return this.#committing > 0 || this.#isUnclear ? undefined : this.#version;
  }

  share(): number {
    this.#check();
    return (this.#share ??= this.#parts.share());
  }

  async transact<T>(work: (tx: MetaTransaction) => T, survives: Survives = "power-cut"): Promise<T> {
    this.#check();
    // Whichever way it takes, the work is not run within the call, and in the order of the calls.
    await Promise.resolve();
    return survives === "kill" && this.#mayLog ? this.#log(work) : this.#commit(work);
  }

  async sync(): Promise<void> {
    this.#check();
    await this.commitLogged();
  }

  /** Refuses new calls. */
  close(): void {
    this.#isClosed = true;
    this.#endTimer();
  }

  /** Gives lmdb what is in the log, closed or not. @throws as {@link DiskMeta.transact}. */
  async commitLogged(): Promise<void> {
    if (this.#isLogged) await this.#commit(() => {});
  }

  get #isLogged(): boolean {
    return this.#parts.log.endBytes > 0;
  }

  get #mayLog(): boolean {
    return this.#committing === 0 && this.#parts.reserve.hasPlenty;
  }

  /** A commit may have brought what is in the log to lmdb, with more, and its promise has not resolved yet. */
  get #reader(): MetaReader {
    if (!this.#isLogged) return this.#records;
    return this.#committing > 0 && this.#hasAll ? this.#records : this.#logged;
  }

  /** Whether lmdb, as it is to the caller, has what is in the log. */
  get #hasAll(): boolean {
    return loggedNumber(this.#parts.state) >= this.#loggedNumber;
  }

  #log<T>(work: (tx: MetaTransaction) => T): T | Promise<T> {
    const { log } = this.#parts;
    const tx = new BufferedTransaction(this.#logged);
    const result = work(tx);
    if (tx.size === 0) return result;
    const changes = [...tx.changes()];
    const isFull =
      this.#logged.size + changes.length > LOGGED_MAX || log.endBytes + bytesOf(changes) > LOGGED_BYTES_MAX;
    // The work has been done, and nothing comes between: what it made is what is committed.
    if (isFull) return this.#commit((commit) => (change(commit, changes), result));
    log.append({ number: this.#loggedNumber + 1, changes });
    this.#loggedNumber += 1;
    this.#version += 1;
    change(this.#logged, changes);
    this.#startTimer(LOGGED_MS_MAX);
    return result;
  }

  #startTimer(ms: number): void {
    this.#stopTimer ??= hostLater(ms, () => {
      this.#stopTimer = undefined;
      // What fails is tried again, here and with each commit that is asked for, and that one tells.
      this.commitLogged().catch(() => this.#isClosed || this.#startTimer(RETRY_MS));
    });
  }

  async #commit<T>(work: (tx: MetaTransaction) => T): Promise<T> {
    this.#committing += 1;
    const tx = new BufferedTransaction(this.#records);
    let outcome: Outcome<T>;
    try {
      outcome = await this.#parts.records.transaction(() => this.#runAndApply(tx, work));
      this.#forgetLogged();
      this.#isUnclear = false;
    } catch (error) {
      this.#isUnclear = true;
      throw this.#parts.reserve.failureOf(await commitFailure(error), "commit");
    } finally {
      this.#parts.reserve.settle(tx);
      this.#committing -= 1;
      this.#version += 1;
      this.#share = undefined;
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  }

  /** Inside the batch: what throws must not reach lmdb, which would keep the writes made before. */
  #runAndApply<T>(tx: BufferedTransaction, work: (tx: MetaTransaction) => T): Outcome<T> {
    if (this.#isLogged && !this.#hasAll) {
      bringFromLog(this.#parts, [...this.#logged.changes()], this.#loggedNumber);
    }
    let result: T;
    try {
      result = work(tx);
      this.#parts.reserve.admit(tx);
    } catch (error) {
      return { error };
    }
    putChanges(this.#parts.records, tx.changes());
    return { result };
  }

  /** A commit has come to the disk: nothing was logged since it was asked for, so that it has all of it. */
  #forgetLogged(): void {
    if (!this.#isLogged) return;
    this.#logged = new BufferedTransaction(this.#records);
    this.#parts.log.empty();
    this.#parts.reserve.keepFree(0);
    this.#endTimer();
  }

  #endTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #check(): void {
    if (this.#isClosed) throw new StoreError("STORE_CLOSED", "the store is closed");
  }
}

/** lmdb reads into a buffer of its own. What its `get` gives has memory of its own for each value, which takes as long as the read. */
function copyOf(read: Buffer | undefined): Uint8Array | undefined {
  if (read === undefined) return undefined;
  // The length that lmdb sets is that of the value, and not the one by which the buffer is copied as a whole.
  const value = Buffer.allocUnsafe(read.length);
  value.set(read.subarray(0, value.length));
  return value;
}

/** Within a transaction of lmdb: brings what is in the log up to the record of that number, and sees that there is room for it. */
export function bringFromLog(
  { records, state, reserve }: Pick<DiskMetaParts, "records" | "state" | "reserve">,
  changes: readonly KeyChange[],
  number: number,
): void {
  reserve.keepFree(changes.length * BYTES_PER_CHANGE + bytesOf(changes));
  putChanges(records, changes);
  void state.put(LOGGED, number);
}

function putChanges(records: Database<Uint8Array, Uint8Array>, changes: Iterable<KeyChange>): void {
  for (const { key, value } of changes) {
    if (value === undefined) void records.remove(key);
    else void records.put(key, value);
  }
}

function change(tx: MetaTransaction, changes: readonly KeyChange[]): void {
  for (const { key, value } of changes) {
    if (value === undefined) tx.delete(key);
    else tx.put(key, value);
  }
}

/** Number of the last record of the log that lmdb has. */
export function loggedNumber(state: Database<number | boolean, string>): number {
  return Number(state.get(LOGGED) ?? 0);
}

/** lmdb walks a reverse range from its start down, and includes the start: the bounds change sides. */
function lmdbRange({ from, to, limit, reverse }: MetaRange) {
  const bounds =
    reverse === true
      ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to };
  return limit === undefined ? bounds : { ...bounds, limit };
}
