import type { Gfid } from "@brickshift/wire";
import type { Intent, Journal, JournalHeader, JournalStatus, RunHeader } from "./journal.js";
import type { RunCounts } from "./run-tally.js";

/** A journal that ends with the process: recovery is left to the next crawl. */
export class MemoryJournal implements Journal {
  #header: JournalHeader | undefined;
  #state: JournalStatus["state"] = "running";
  #counts: RunCounts | undefined;
  readonly #intents = new Map<Gfid, Intent>();

  status(): JournalStatus | undefined {
    if (this.#header === undefined) return undefined;
    return {
      header: this.#header,
      state: this.#state,
      counts: this.#counts,
      intents: [...this.#intents.values()],
    };
  }

  async begin(header: RunHeader): Promise<void> {
    this.#header = { startedWallMs: 0, ...header };
    this.#state = "running";
    this.#counts = undefined;
    this.#intents.clear();
  }

  async intent(intent: Intent): Promise<void> {
    this.#intents.set(intent.gfid, intent);
  }

  async committed(gfid: Gfid): Promise<void> {
    const intent = this.#intents.get(gfid);
    if (intent !== undefined) this.#intents.set(gfid, { ...intent, phase: "committed" });
  }

  async done(gfid: Gfid): Promise<void> {
    this.#intents.delete(gfid);
  }

  async note(counts: RunCounts, state: JournalStatus["state"]): Promise<void> {
    this.#counts = counts;
    this.#state = state;
  }

  async close(): Promise<void> {}
}
