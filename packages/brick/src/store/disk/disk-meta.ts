import { hostAfterTurn } from "../../host-driver.js";
import { BufferedTransaction } from "../buffered-transaction.js";
import { changedRange, type KeyChange, keyText } from "../changed-range.js";
import { SortedMap } from "../sorted-map.js";
import type { MetaEntry, MetaRange, MetaReader, MetaStore, MetaTransaction } from "../store.js";
import { StoreError } from "../store-error.js";
import { storeErrorFrom } from "./platform-error.js";
import type { RecordLog } from "./record-log.js";
import type { Records } from "./records.js";
import { TransactionGroup } from "./transaction-group.js";

/** Transactions that nobody asked to have synced: past this many they are, so that a power cut takes no more. */
const UNSYNCED_MAX = 1_024;
/** While a log of this length is being applied, transactions wait. */
const LOG_BYTES_MAX = 67_108_864;
/** Beyond the text of every key. */
const END_OF_KEYS = "\u0100";

interface PendingChange extends KeyChange {
  /** Where in the log it is. */
  readonly number: number;
}

/**
 * Records in lmdb, and before them a log. The transactions of one turn of the event loop are made when the log has them,
 * which takes one write, and wait in memory until they are applied to lmdb with thousands of others: lmdb alone would make
 * each wait for the disk.
 */
export class DiskMeta implements MetaStore {
  readonly #records: Records;
  readonly #log: RecordLog;
  /** What the records do not have yet, the open group included. */
  readonly #pending = new SortedMap<PendingChange>();
  readonly #reader: MetaReader;
  #group: TransactionGroup<PendingChange> | undefined;
  #applying: Promise<void> | undefined;
  /** Transactions in the log since one of them was the reason for a sync. */
  #sinceSync = 0;
  /** A sync failed: what the disk has of the log is not known, until all is in the records. */
  #isLogDoubtful = false;
  /** The last transaction that was asked for has its turn. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(records: Records, log: RecordLog) {
    this.#records = records;
    this.#log = log;
    this.#reader = {
      get: (key) => {
        const pending = this.#pending.get(keyText(key));
        return pending === undefined ? records.reader.get(key) : pending.value;
      },
      range: (range) => {
        const { from, to, reverse = false } = range;
        const pending = this.#pending.range(keyText(from), keyText(to), Number.MAX_SAFE_INTEGER, reverse);
        return changedRange(records.reader, range, pending);
      },
    };
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    return this.#reader.get(key);
  }

  range(range: MetaRange): Iterable<MetaEntry> {
    this.#check();
    return this.#reader.range(range);
  }

  async transact<T>(work: (tx: MetaTransaction) => T): Promise<T> {
    this.#check();
    await (this.#turn = this.#afterTurn(this.#turn));
    const tx = new BufferedTransaction(this.#reader);
    const result = work(tx);
    if (tx.changes.size > 0) await this.#keep(tx.changes);
    return result;
  }

  async sync(): Promise<void> {
    this.#check();
    if (this.#isLogDoubtful) return this.#applyNow();
    try {
      await this.#log.sync();
    } catch (error) {
      this.#isLogDoubtful = true;
      throw storeErrorFrom(error, "sync of the log");
    }
  }

  /** Refuses new calls, makes the transactions that were asked for, and brings everything to the records. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#applyNow();
  }

  /** Keeps the order of the calls, also when one has to wait. */
  async #afterTurn(before: Promise<void>): Promise<void> {
    await before;
    while (this.#applying !== undefined && this.#log.length >= LOG_BYTES_MAX) await this.#applying;
  }

  /** Resolves when the log has the changes; readers see them at once. */
  #keep(changes: ReadonlyMap<string, KeyChange>): Promise<void> {
    if (this.#group === undefined) {
      this.#group = new TransactionGroup();
      hostAfterTurn(() => this.#writeGroup());
    }
    const group = this.#group;
    const number = this.#log.last + 1;
    group.size += 1;
    for (const [text, change] of changes) {
      group.replace(text, change, this.#pending.get(text));
      this.#put(text, { ...change, number });
    }
    return group.written;
  }

  #put(text: string, change: PendingChange): void {
    const isDone = change.value === undefined && this.#isOnlyPending(text, change.key);
    if (isDone) this.#pending.delete(text);
    else this.#pending.set(text, change);
  }

  /** Whether a key came since something was applied: when it goes again, the records never hear of it. */
  #isOnlyPending(text: string, key: Uint8Array): boolean {
    if (this.#applying !== undefined || this.#pending.get(text) === undefined) return false;
    return this.#records.reader.get(key) === undefined;
  }

  #writeGroup(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    try {
      this.#log.append(group.changes);
    } catch (error) {
      for (const [text, before] of group.replaced) {
        if (before === undefined) this.#pending.delete(text);
        else this.#pending.set(text, before);
      }
      group.fail(storeErrorFrom(error, "append to the log"));
      // It has no room: to apply what is in it may make some.
      this.#applyInBackground();
      return;
    }
    group.succeed();
    this.#sinceSync += group.size;
    if (this.#log.isFull) this.#applyInBackground();
    if (this.#sinceSync < UNSYNCED_MAX) return;
    this.#sinceSync = 0;
    this.sync().catch(() => {});
  }

  #applyInBackground(): void {
    this.#applying ??= this.#apply().catch(() => {});
  }

  /** Resolves when all transactions that were made by now are in the records. */
  async #applyNow(): Promise<void> {
    while (this.#applying !== undefined) await this.#applying;
    const applying = this.#apply();
    this.#applying = applying.catch(() => {});
    await applying;
  }

  async #apply(): Promise<void> {
    // From here on it is known that something is being applied.
    await Promise.resolve();
    try {
      // What hides an earlier change has to be in the log before that counts as applied.
      this.#writeGroup();
      const { last } = this.#log;
      const pending = this.#pending.range("", END_OF_KEYS, Number.MAX_SAFE_INTEGER, false);
      this.#log.turn();
      await this.#records.apply(
        pending.map(([, change]) => change),
        last,
      );
      this.#log.applied(last);
      this.#isLogDoubtful = false;
      for (const [text, { number }] of pending) {
        if (this.#pending.get(text)?.number === number) this.#pending.delete(text);
      }
    } catch (error) {
      throw storeErrorFrom(error, "apply the log");
    } finally {
      this.#applying = undefined;
    }
  }

  #check(): void {
    if (this.#isClosed) throw new StoreError("STORE_CLOSED", "the store is closed");
  }
}
