import { invariant } from "@brickshift/wire";
import {
  META_KEY_BYTES_MAX,
  type MetaEntry,
  type MetaRange,
  type MetaReader,
  type MetaTransaction,
} from "./store.js";

/** One key that a transaction changes. */
export interface KeyChange {
  readonly key: Uint8Array;
  /** `undefined` for a key that is deleted. */
  readonly value: Uint8Array | undefined;
}

/** Bytes as text of which the order is that of the bytes, one UTF-16 unit for each: what a `MemoryMedium` calls its keys. */
export function keyText(key: Uint8Array): string {
  // A copy, into Node's pool: for a view V8 would move a short array out of its heap first, which takes twice as long (measured).
  return Buffer.from(key).toString("latin1");
}

/**
 * A transaction that keeps its writes to itself until the work has returned: both stores run the work on this, since
 * a work that throws must leave nothing, and lmdb does not undo a batched callback.
 */
export class BufferedTransaction implements MetaTransaction {
  readonly #base: MetaReader;
  readonly #changes = new Map<string, KeyChange>();
  #usesReserve = false;
  #putBytes = 0;

  /** `base` is the state that all earlier transactions left. */
  constructor(base: MetaReader) {
    this.#base = base;
  }

  /** What is to be applied to the base, last write of each key only. */
  changes(): Iterable<KeyChange> {
    return this.#changes.values();
  }

  /** How many keys are changed. */
  get size(): number {
    return this.#changes.size;
  }

  /** Length of all keys and values that were put, of those put over again too. */
  get putBytes(): number {
    return this.#putBytes;
  }

  get mayUseReserve(): boolean {
    return this.#usesReserve || this.#growthBytes <= 0;
  }

  get #growthBytes(): number {
    let growth = 0;
    for (const { key, value } of this.#changes.values()) {
      const before = this.#base.get(key);
      if (value !== undefined) growth += key.length + value.length;
      if (before !== undefined) growth -= key.length + before.length;
    }
    return growth;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    // Most work reads first.
    const change = this.#changes.size === 0 ? undefined : this.#changes.get(keyText(key));
    return change === undefined ? this.#base.get(key) : change.value;
  }

  range(range: MetaRange): Iterable<MetaEntry> {
    const from = keyText(range.from);
    const to = keyText(range.to);
    const mine: (readonly [string, KeyChange])[] = [];
    for (const entry of this.#changes) if (entry[0] >= from && entry[0] < to) mine.push(entry);
    if (mine.length === 0) return this.#base.range(range);
    return this.#merge(range, mine);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    invariant(key.length > 0 && key.length <= META_KEY_BYTES_MAX, `a key of ${key.length} bytes`);
    invariant(value.length > 0, "a value has at least one byte");
    this.#changes.set(keyText(key), { key, value });
    this.#putBytes += key.length + value.length;
  }

  delete(key: Uint8Array): void {
    this.#changes.set(keyText(key), { key, value: undefined });
  }

  useReserve(): void {
    this.#usesReserve = true;
  }

  #merge(range: MetaRange, mine: (readonly [string, KeyChange])[]): MetaEntry[] {
    // Each of our changes hides at most one entry of the base, so this many more are enough.
    const limit = range.limit ?? Number.MAX_SAFE_INTEGER;
    const baseRange = range.limit === undefined ? range : { ...range, limit: limit + mine.length };
    const merged = new Map<string, MetaEntry>();
    for (const entry of this.#base.range(baseRange)) merged.set(keyText(entry.key), entry);
    for (const [text, { key, value }] of mine) {
      if (value === undefined) merged.delete(text);
      else merged.set(text, { key, value });
    }
    const texts = [...merged.keys()].sort();
    if (range.reverse === true) texts.reverse();
    return texts.slice(0, limit).map((text) => merged.get(text) as MetaEntry);
  }
}
