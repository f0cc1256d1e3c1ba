/** Entries per leaf at most; a fuller leaf is split in two. */
const LEAF_ENTRIES_MAX = 256;

interface Leaf<V> {
  readonly keys: string[];
  readonly values: V[];
}

/** A map from text to values in the order of the keys' UTF-16 units: a list of short sorted leaves. */
export class SortedMap<V> {
  readonly #leaves: Leaf<V>[] = [{ keys: [], values: [] }];

  get(key: string): V | undefined {
    const leaf = this.#leaves[this.#leafOf(key)] as Leaf<V>;
    const index = lowerBound(leaf.keys, key);
    return leaf.keys[index] === key ? leaf.values[index] : undefined;
  }

  set(key: string, value: V): void {
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at] as Leaf<V>;
    const index = lowerBound(leaf.keys, key);
    if (leaf.keys[index] === key) {
      leaf.values[index] = value;
      return;
    }
    leaf.keys.splice(index, 0, key);
    leaf.values.splice(index, 0, value);
    if (leaf.keys.length <= LEAF_ENTRIES_MAX) return;
    const half = leaf.keys.length >> 1;
    this.#leaves.splice(at + 1, 0, { keys: leaf.keys.splice(half), values: leaf.values.splice(half) });
  }

  delete(key: string): void {
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at] as Leaf<V>;
    const index = lowerBound(leaf.keys, key);
    if (leaf.keys[index] !== key) return;
    leaf.keys.splice(index, 1);
    leaf.values.splice(index, 1);
    if (leaf.keys.length === 0 && this.#leaves.length > 1) this.#leaves.splice(at, 1);
  }

  /** At most `limit` entries with `from` ≤ key < `to`, in order or in reverse. */
  range(from: string, to: string, limit: number, reverse: boolean): [string, V][] {
    return reverse ? this.#down(from, to, limit) : this.#up(from, to, limit);
  }

  #up(from: string, to: string, limit: number): [string, V][] {
    const found: [string, V][] = [];
    let at = this.#leafOf(from);
    let index = lowerBound((this.#leaves[at] as Leaf<V>).keys, from);
    for (let leaf = this.#leaves[at]; leaf !== undefined; leaf = this.#leaves[(at += 1)]) {
      for (; index < leaf.keys.length; index += 1) {
        const key = leaf.keys[index] as string;
        if (key >= to || found.length >= limit) return found;
        found.push([key, leaf.values[index] as V]);
      }
      index = 0;
    }
    return found;
  }

  #down(from: string, to: string, limit: number): [string, V][] {
    const found: [string, V][] = [];
    let at = this.#leafOf(to);
    let index = lowerBound((this.#leaves[at] as Leaf<V>).keys, to) - 1;
    for (let leaf = this.#leaves[at]; leaf !== undefined; leaf = this.#leaves[(at -= 1)]) {
      if (index === Number.MAX_SAFE_INTEGER) index = leaf.keys.length - 1;
      for (; index >= 0; index -= 1) {
        const key = leaf.keys[index] as string;
        if (key < from || found.length >= limit) return found;
        found.push([key, leaf.values[index] as V]);
      }
      index = Number.MAX_SAFE_INTEGER;
    }
    return found;
  }

  /** The last leaf that begins at or before `key`; the first when none does. */
  #leafOf(key: string): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const first = (this.#leaves[middle] as Leaf<V>).keys[0];
      if (first !== undefined && first <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Index of the first key that is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
