import type { Gfid } from "@brickshift/wire";
import { DirectorySyncs } from "./directory-syncs.js";

/**
 * The blobs whose names may not be on disk yet. Bounded: when there are too many, because nobody syncs them, their
 * directories are synced.
 */
export class FreshNames {
  readonly #tickets = new Map<Gfid, number>();
  readonly #directories = new DirectorySyncs();
  readonly #directoryOf: (gfid: Gfid) => string;
  readonly #max: number;
  #clearing: Promise<void> | undefined;

  constructor(directoryOf: (gfid: Gfid) => string, max: number) {
    this.#directoryOf = directoryOf;
    this.#max = max;
  }

  /** Names that are remembered. */
  get size(): number {
    return this.#tickets.size;
  }

  /** Resolves when there is room for one name more; to be called before a blob is made. */
  async makeRoom(): Promise<void> {
    while (this.#tickets.size >= this.#max) {
      this.#clearing ??= this.#clear();
      await this.#clearing;
    }
  }

  /** The blob was made. */
  made(gfid: Gfid): void {
    this.#tickets.set(gfid, this.#directories.made(this.#directoryOf(gfid)));
  }

  /** The blob was removed. */
  removed(gfid: Gfid): void {
    this.#tickets.delete(gfid);
  }

  /** Resolves when the name of the blob survives a power cut. */
  async sync(gfid: Gfid): Promise<void> {
    const ticket = this.#tickets.get(gfid);
    if (ticket === undefined) return;
    await this.#directories.wait(this.#directoryOf(gfid), ticket);
    // Removed and made again meanwhile, its name is fresh once more.
    if (this.#tickets.get(gfid) === ticket) this.#tickets.delete(gfid);
  }

  /** Closes the directories; nobody waits any more. */
  close(): void {
    this.#directories.close();
  }

  async #clear(): Promise<void> {
    try {
      await this.#directories.waitAll();
      for (const [gfid, ticket] of this.#tickets) {
        if (this.#directories.isSynced(this.#directoryOf(gfid), ticket)) this.#tickets.delete(gfid);
      }
    } finally {
      this.#clearing = undefined;
    }
  }
}
