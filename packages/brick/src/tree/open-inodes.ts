import type { Gfid } from "@brickshift/wire";
import { TreeError } from "./tree-error.js";

interface Ending {
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** Which objects are held open, and which are on their way out and may not be held any more. */
export class OpenInodes {
  readonly #holds = new Map<Gfid, number>();
  readonly #dying = new Map<Gfid, Ending>();
  readonly #losingName = new Set<Gfid>();
  /** Held objects that were made without a name and have got none yet. */
  readonly #nameless = new Set<Gfid>();
  readonly #holdsMax: number;

  constructor(holdsMax: number) {
    this.#holdsMax = holdsMax;
  }

  isHeld(gfid: Gfid): boolean {
    return this.#holds.has(gfid);
  }

  /** @throws TreeError `TREE_STALE` for an object that is going, `TREE_HOLDS_MAX`. */
  hold(gfid: Gfid): void {
    if (this.#dying.has(gfid)) throw new TreeError("TREE_STALE", `object ${gfid} is gone`);
    const count = this.#holds.get(gfid) ?? 0;
    if (count === 0 && this.#holds.size >= this.#holdsMax) {
      throw new TreeError("TREE_HOLDS_MAX", `${this.#holds.size} objects are open`);
    }
    this.#holds.set(gfid, count + 1);
  }

  /** @returns whether that was the last hold. */
  release(gfid: Gfid): boolean {
    const count = this.#holds.get(gfid) ?? 0;
    if (count > 1) {
      this.#holds.set(gfid, count - 1);
      return false;
    }
    this.#holds.delete(gfid);
    this.#nameless.delete(gfid);
    return count === 1;
  }

  /** Holds an object that is made without a name: it goes with the last hold, unless it gets a name. @throws as `hold`. */
  holdNameless(gfid: Gfid): void {
    this.hold(gfid);
    this.#nameless.add(gfid);
  }

  /** Whether the object waits for its first name, which an unlinked one never gets. */
  isNameless(gfid: Gfid): boolean {
    return this.#nameless.has(gfid);
  }

  /** The object has a name now. */
  named(gfid: Gfid): void {
    this.#nameless.delete(gfid);
  }

  /**
   * A held object loses its last name. Called within the transaction that takes it: readers still see the name until the commit
   * is done, and the last hold may end before.
   */
  startLosingName(gfid: Gfid): void {
    this.#losingName.add(gfid);
  }

  /** What the record says of names is true again. */
  stopLosingName(gfid: Gfid): void {
    this.#losingName.delete(gfid);
  }

  isLosingName(gfid: Gfid): boolean {
    return this.#losingName.has(gfid);
  }

  /**
   * From here on nobody may hold the object. Called within the transaction that deletes its record: readers still see
   * the record until the commit is done.
   */
  startDying(gfid: Gfid): void {
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#dying.set(gfid, { ended, end });
  }

  /** Record and blob are gone, or the transaction failed. */
  stopDying(gfid: Gfid): void {
    this.#dying.get(gfid)?.end();
    this.#dying.delete(gfid);
  }

  /** Resolves when no object of that gfid is on its way out. */
  async whenNotDying(gfid: Gfid): Promise<void> {
    for (let dying; (dying = this.#dying.get(gfid)) !== undefined;) await dying.ended;
  }
}
