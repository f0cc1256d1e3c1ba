import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import type { KeyChange } from "../changed-range.js";
import type { MetaRange, MetaReader } from "../store.js";
import { committed } from "./commit-failure.js";
import { faultOfRecords } from "./records-file.js";
import { damaged } from "./store-format.js";

/** What the store knows of itself, beside the records. */
export type StoreState = Database<number | boolean, string>;

const APPLIED = "applied";

/** The records of a store in lmdb: an ordered map that takes many changes at once. */
export class Records {
  readonly state: StoreState;
  readonly reader: MetaReader;
  readonly #root: RootDatabase;
  readonly #records: Database<Uint8Array, Uint8Array>;

  private constructor(root: RootDatabase) {
    this.#root = root;
    this.state = root.openDB<number | boolean, string>({ name: "store", encoding: "json" });
    const records = root.openDB<Uint8Array, Uint8Array>({
      name: "records",
      encoding: "binary",
      keyEncoding: "binary",
    });
    this.#records = records;
    this.reader = {
      get: (key) => records.get(key),
      range: (range) => [...records.getRange(lmdbRange(range))],
    };
  }

  /** Opens the records of the store in `directory`, or makes them. @throws StoreError `STORE_DAMAGED`. */
  static open(directory: string): Records {
    const path = join(directory, "meta");
    const fault = faultOfRecords(path);
    if (fault !== undefined) throw damaged(directory, `${path} is damaged: ${fault}`);
    try {
      // With event turn batching lmdb makes promises that it hands to nobody: when a commit fails they end the process.
      return new Records(open({ path, noSubdir: true, maxDbs: 2, eventTurnBatching: false }));
    } catch (error) {
      throw damaged(directory, `its records do not open (${String(error)})`, error);
    }
  }

  /** Number of the last transaction that is in the records. */
  get applied(): number {
    return Number(this.state.get(APPLIED) ?? 0);
  }

  /** Makes all `changes`, up to the transaction of that number, or none; on disk when it resolves. Rejects as lmdb does. */
  async apply(changes: readonly KeyChange[], number: number): Promise<void> {
    const commit = this.#root.transaction(() => {
      for (const { key, value } of changes) {
        if (value === undefined) void this.#records.remove(key);
        else void this.#records.put(key, value);
      }
      void this.state.put(APPLIED, number);
    });
    await committed(commit);
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** lmdb walks a reverse range from its start down, and includes the start: the bounds change sides. */
function lmdbRange({ from, to, limit, reverse }: MetaRange) {
  const bounds =
    reverse === true
      ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to };
  return limit === undefined ? bounds : { ...bounds, limit };
}
