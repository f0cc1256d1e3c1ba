/** What a queued entry must have; the queue links entries through it, so that leaving from the middle is cheap. */
export interface Queued<Entry> {
  /** Bytes that the entry holds while it waits. */
  readonly bytes: number;
  before: Entry | undefined;
  after: Entry | undefined;
}

/** First in, first out, with its count and bytes known and any entry free to leave. An entry is in one queue at most. */
export class CallQueue<Entry extends Queued<Entry>> {
  #first: Entry | undefined;
  #last: Entry | undefined;
  #count = 0;
  #bytes = 0;

  /** The entry that waited longest. */
  get first(): Entry | undefined {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds `entry` at the end. It must not be queued already. */
  add(entry: Entry): void {
    entry.before = this.#last;
    entry.after = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#count += 1;
    this.#bytes += entry.bytes;
  }

  /** Takes `entry` out, wherever it is. It must be queued here. */
  remove(entry: Entry): void {
    if (entry.before === undefined) this.#first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after === undefined) this.#last = entry.before;
    else entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
    this.#count -= 1;
    this.#bytes -= entry.bytes;
  }
}
