import { type MetaEntry, type MetaRange, type MetaReader } from "./store.js";

/** A change of one key that is not in the map below yet. */
export interface KeyChange {
  readonly key: Uint8Array;
  /** `undefined` for a key that is deleted. */
  readonly value: Uint8Array | undefined;
}

/** Bytes as text of which the order is that of the bytes: one UTF-16 unit for each byte. */
export function keyText(key: Uint8Array): string {
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.toString("latin1");
}

/**
 * The entries of a range of `base` as they are with `changes`, which are all within the range and in its order, by the text
 * of their keys.
 */
export function changedRange(
  base: MetaReader,
  range: MetaRange,
  changes: readonly (readonly [string, KeyChange])[],
): Iterable<MetaEntry> {
  if (changes.length === 0) return base.range(range);
  const limit = range.limit ?? Number.MAX_SAFE_INTEGER;
  // Each change hides at most one entry of the base, so this many more are enough.
  const baseRange = range.limit === undefined ? range : { ...range, limit: limit + changes.length };
  const isBefore =
    range.reverse === true
      ? (one: string, other: string) => one > other
      : (one: string, other: string) => one < other;
  const merged: MetaEntry[] = [];
  let next = 0;
  const add = ({ key, value }: KeyChange) => {
    if (value !== undefined) merged.push({ key, value });
  };
  for (const entry of base.range(baseRange)) {
    const text = keyText(entry.key);
    for (; isBefore(changes[next]?.[0] ?? text, text); next += 1)
      add((changes[next] as [string, KeyChange])[1]);
    if (changes[next]?.[0] !== text) merged.push(entry);
  }
  for (const [, change] of changes.slice(next)) add(change);
  return merged.length > limit ? merged.slice(0, limit) : merged;
}
