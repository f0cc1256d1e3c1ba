import type { Gfid } from "@brickshift/wire";

/** Runs the changes of one blob one at a time, in the order of the calls; blobs do not wait for each other. */
export class InTurn {
  readonly #tails = new Map<Gfid, Promise<unknown>>();

  /** Runs `work` at once, synchronously, when nothing of `gfid` is under way; after all that is otherwise. */
  async run<T>(gfid: Gfid, work: () => T | Promise<T>): Promise<T> {
    const tail = this.#tails.get(gfid);
    let turn: Promise<T>;
    if (tail === undefined) {
      const result = work();
      if (!(result instanceof Promise)) return result;
      turn = result;
    } else {
      turn = tail.then(work, work);
    }
    this.#tails.set(gfid, turn);
    try {
      return await turn;
    } finally {
      if (this.#tails.get(gfid) === turn) this.#tails.delete(gfid);
    }
  }

  /** Resolves when everything that was under way has ended, well or not. */
  async settled(): Promise<void> {
    while (this.#tails.size > 0) await Promise.allSettled(this.#tails.values());
  }
}
