import type { Gfid } from "@brickshift/wire";
import type { Intent, JournalHeader, JournalStatus } from "./journal.js";
import type { JournalRecord } from "./journal-records.js";
import { damagedJournal } from "./journal-text.js";
import type { RunCounts } from "./run-tally.js";

/** What the records of a journal come to, one after the other. */
export class JournalState {
  #header: JournalHeader | undefined;
  #note: { readonly counts: RunCounts; readonly state: JournalStatus["state"] } | undefined;
  readonly #intents = new Map<Gfid, Intent>();

  /** @throws RebalanceError `REBALANCE_JOURNAL_DAMAGED` for a record that cannot follow those before it. */
  apply(record: JournalRecord): void {
    if (this.#header === undefined && record.type !== "run") throw damagedJournal("it says of no run");
    switch (record.type) {
      case "run":
        if (this.#header !== undefined) throw damagedJournal("it says of two runs");
        this.#header = record.header;
        return;
      case "intent":
        this.#intents.set(record.intent.gfid, record.intent);
        return;
      case "committed":
        this.#intents.set(record.gfid, { ...this.#known(record.gfid), phase: "committed" });
        return;
      case "done":
        this.#known(record.gfid);
        this.#intents.delete(record.gfid);
        return;
      case "note":
        this.#note = { counts: record.counts, state: record.state };
    }
  }

  has(gfid: Gfid): boolean {
    return this.#intents.has(gfid);
  }

  get status(): JournalStatus | undefined {
    if (this.#header === undefined) return undefined;
    const { counts, state = "running" } = this.#note ?? { counts: undefined };
    return { header: this.#header, state, counts, intents: [...this.#intents.values()] };
  }

  /** The fewest records that come to the same. */
  records(): readonly JournalRecord[] {
    const records: JournalRecord[] = [];
    if (this.#header !== undefined) records.push({ type: "run", header: this.#header });
    if (this.#note !== undefined) records.push({ type: "note", ...this.#note });
    for (const intent of this.#intents.values()) records.push({ type: "intent", intent });
    return records;
  }

  #known(gfid: Gfid): Intent {
    const intent = this.#intents.get(gfid);
    if (intent === undefined) throw damagedJournal(`it ends the move of ${gfid}, which it did not begin`);
    return intent;
  }
}
