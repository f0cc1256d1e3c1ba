import type { Gfid } from "@brickshift/wire";

/** A name in a directory that a fop makes, takes away or replaces. */
export interface EntryName {
  readonly parent: Gfid;
  readonly name: string;
}

/**
 * Lets the fops that change one name run one after the other, so that the object a name was resolved to at
 * the lease gate is the object the fop then changes. Fops on different names do not wait for each other.
 *
 * Names are taken before inodes, and several names in ascending order: nobody waits in a circle.
 */
export class NameTurns {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Names that are taken now. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Takes the names; when one is taken already, `resume` is called later, when all are taken.
   * @returns whether all were taken at once; `resume` is not called then.
   */
  take(names: readonly EntryName[], resume: () => void): boolean {
    return this.#takeFrom(keysOf(names), 0, resume);
  }

  /** Gives back what {@link take} took, and lets the next in line go on. */
  give(names: readonly EntryName[]): void {
    for (const key of keysOf(names)) {
      const next = this.#waiting.get(key)?.shift();
      if (next === undefined) this.#waiting.delete(key);
      else next();
    }
  }

  #takeFrom(keys: readonly string[], first: number, resume: () => void): boolean {
    for (let index = first; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const queue = this.#waiting.get(key);
      if (queue === undefined) {
        this.#waiting.set(key, []);
        continue;
      }
      queue.push(() => {
        if (this.#takeFrom(keys, index + 1, resume)) resume();
      });
      return false;
    }
    return true;
  }
}

function keysOf(names: readonly EntryName[]): readonly string[] {
  const [first] = names;
  if (names.length === 1 && first !== undefined) return [keyOf(first)];
  return [...new Set(names.map(keyOf))].toSorted();
}

// A gfid has a fixed length, so that no two pairs share a key.
function keyOf({ parent, name }: EntryName): string {
  return parent + name;
}
