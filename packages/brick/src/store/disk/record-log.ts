import { join } from "node:path";
import type { KeyChange } from "../changed-range.js";
import { LogFile } from "./log-file.js";
import { decodeTransactions, encodeTransaction, type LoggedTransaction } from "./logged-transaction.js";

const FILE_NAMES = ["log-0", "log-1"] as const;

/** What {@link RecordLog.open} is told. */
export interface RecordLogInput {
  /** Number of the last transaction that the records have for sure. */
  readonly applied: number;
  /** Room of each file. While what is in the other is applied, a file grows beyond it. */
  readonly fileBytes: number;
  /** Whether a file that is not there is no loss, and is made. */
  readonly isMade: boolean;
}

/**
 * The transactions that are on their way to the records, in two files of which one is written while what is in the other
 * is applied. A transaction in it survives a kill; `sync` makes it survive a power cut, and with it all before.
 */
export class RecordLog {
  readonly #files: readonly [LogFile, LogFile];
  readonly #fileBytes: number;
  #active: 0 | 1 = 0;
  #last: number;
  #applied: number;
  #synced: number;
  #syncing: Promise<void> | undefined;

  private constructor(files: readonly [LogFile, LogFile], { applied, fileBytes }: RecordLogInput) {
    this.#files = files;
    this.#fileBytes = fileBytes;
    this.#last = applied;
    this.#applied = applied;
    this.#synced = applied;
  }

  /** @throws what the platform does. */
  static open(directory: string, input: RecordLogInput): RecordLog {
    const openFile = (name: string) => LogFile.open(join(directory, name), input.fileBytes, input.isMade);
    const first = openFile(FILE_NAMES[0]);
    try {
      return new RecordLog([first, openFile(FILE_NAMES[1])], input);
    } catch (error) {
      first.close();
      throw error;
    }
  }

  /**
   * What the files hold that the records may not: in order, without a gap. A power cut may have taken the end of it.
   * To be called before anything is added, and to be applied before.
   * @returns `undefined` when there is a gap between the records and the log: records that were there are lost.
   */
  left(): readonly LoggedTransaction[] | undefined {
    const runs = this.#files.map((file) => decodeTransactions(file.read()));
    const later = runs.filter((run) => (run.at(-1)?.number ?? 0) > this.#applied);
    later.sort(([one], [other]) => (one?.number ?? 0) - (other?.number ?? 0));
    const [first = [], second = []] = later;
    const firstNumber = first[0]?.number;
    if (firstNumber !== undefined && firstNumber > this.#applied + 1) return undefined;
    const follows = second[0]?.number === (first.at(-1)?.number ?? 0) + 1;
    return [...first, ...(follows ? second : [])].filter(({ number }) => number > this.#applied);
  }

  /** Number of the last transaction. */
  get last(): number {
    return this.#last;
  }

  /** Bytes in the file that is written. */
  get length(): number {
    return this.#files[this.#active].length;
  }

  /** Whether it is time to apply what there is. */
  get isFull(): boolean {
    return this.length >= this.#fileBytes;
  }

  /** Adds a transaction and gives its number. @throws what the platform does; then it is not there. */
  append(changes: readonly KeyChange[]): number {
    const number = this.#last + 1;
    this.#files[this.#active].append(encodeTransaction({ number, changes }), number);
    this.#last = number;
    return number;
  }

  /** Goes on in the other file if that is needed no more. */
  turn(): void {
    const other = this.#active === 0 ? 1 : 0;
    if (this.#files[other].lastNumber > this.#applied) return;
    this.#files[other].rewind();
    this.#active = other;
  }

  /** The records have the transactions up to this number for sure. */
  applied(number: number): void {
    this.#applied = Math.max(this.#applied, number);
    this.#synced = Math.max(this.#synced, number);
  }

  /** Resolves when all that was added by now survives a power cut. @throws (as rejection) what the platform does. */
  async sync(): Promise<void> {
    const wanted = this.#last;
    while (this.#synced < wanted) await (this.#syncing ??= this.#syncFiles());
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  async #syncFiles(): Promise<void> {
    const last = this.#last;
    try {
      // What is in the other file came before.
      await this.#files[this.#active === 0 ? 1 : 0].sync();
      await this.#files[this.#active].sync();
      this.#synced = Math.max(this.#synced, last);
    } finally {
      this.#syncing = undefined;
    }
  }
}
