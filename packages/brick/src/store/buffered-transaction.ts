import { invariant } from "@brickshift/wire";
import { changedRange, type KeyChange, keyText } from "./changed-range.js";
import {
  META_KEY_BYTES_MAX,
  type MetaEntry,
  type MetaRange,
  type MetaReader,
  type MetaTransaction,
} from "./store.js";

/**
 * A transaction that keeps its writes to itself until the work has returned: both stores run the work on this, since
 * a work that throws must leave nothing.
 */
export class BufferedTransaction implements MetaTransaction {
  readonly #base: MetaReader;
  readonly #changes = new Map<string, KeyChange>();

  /** `base` is the state that all earlier transactions left. */
  constructor(base: MetaReader) {
    this.#base = base;
  }

  /** What is to be applied to the base by the text of its key, last write of each only. */
  get changes(): ReadonlyMap<string, KeyChange> {
    return this.#changes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const change = this.#changes.get(keyText(key));
    return change === undefined ? this.#base.get(key) : change.value;
  }

  range(range: MetaRange): Iterable<MetaEntry> {
    const from = keyText(range.from);
    const to = keyText(range.to);
    const mine: (readonly [string, KeyChange])[] = [];
    for (const entry of this.#changes) if (entry[0] >= from && entry[0] < to) mine.push(entry);
    mine.sort(([one], [other]) => (one < other === (range.reverse !== true) ? -1 : 1));
    return changedRange(this.#base, range, mine);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    invariant(key.length > 0 && key.length <= META_KEY_BYTES_MAX, `a key of ${key.length} bytes`);
    invariant(value.length > 0, "a value has at least one byte");
    this.#changes.set(keyText(key), { key, value });
  }

  delete(key: Uint8Array): void {
    this.#changes.set(keyText(key), { key, value: undefined });
  }
}
