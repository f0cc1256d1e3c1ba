import type { KeyChange } from "../changed-range.js";

/** Transactions that go to the log in one write: all of them or none. */
export class TransactionGroup<Former> {
  /** Transactions in it. */
  size = 0;
  /** Resolves or rejects with the write. */
  readonly written: Promise<void>;
  readonly #changes = new Map<string, KeyChange>();
  readonly #replaced = new Map<string, Former | undefined>();
  #succeed = () => {};
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.written = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
  }

  /** The last change of each key. */
  get changes(): readonly KeyChange[] {
    return [...this.#changes.values()];
  }

  /** What each key was before the group, by its text. */
  get replaced(): ReadonlyMap<string, Former | undefined> {
    return this.#replaced;
  }

  /** Adds a change of the key with that text, which is `former` by now. */
  replace(text: string, change: KeyChange, former: Former | undefined): void {
    if (!this.#replaced.has(text)) this.#replaced.set(text, former);
    this.#changes.set(text, change);
  }

  succeed(): void {
    this.#succeed();
  }

  fail(error: Error): void {
    this.#fail(error);
  }
}
