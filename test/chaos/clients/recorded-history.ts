import { writeSync } from "node:fs";
import { type FileOperation, History } from "../../simulation/check/history.js";

/** The bytes of one block: a page, which a killed process has written whole or not at all. */
export const BLOCK_BYTES = 4_096;

/** Nanoseconds of the machine's monotonic clock since `base`: the same for all processes. */
export function instantSince(base: bigint): number {
  return Number(process.hrtime.bigint() - base);
}

/** A line of a history: an operation that begins, or what came of it. */
export type HistoryLine =
  | {
      readonly begin: Pick<
        FileOperation,
        "id" | "client" | "file" | "type" | "from" | "to" | "value" | "call"
      > & { readonly name?: string };
    }
  | {
      readonly end: Pick<FileOperation, "id" | "client" | "outcome"> & {
        readonly at: number;
        readonly brick?: string;
        readonly sizeBytes?: number;
        readonly values?: readonly number[];
      };
    };

/**
 * The history of one client, each line of which is in a file before anything depends on it: an operation before it is sent, so that
 * what a killed client may have asked for is known.
 */
export class RecordedHistory extends History {
  /** Set when a block that was read was of two writes: the answer to the read under way is not judged. */
  isTorn = false;
  readonly #fd: number;
  readonly #base: bigint;

  /** @param fd where the lines go. */
  constructor(fd: number, base: bigint) {
    super(BLOCK_BYTES);
    this.#fd = fd;
    this.#base = base;
  }

  override instant(): number {
    return instantSince(this.#base);
  }

  override begin(begun: Parameters<History["begin"]>[0]): FileOperation {
    const operation = super.begin(begun);
    const { id, client, file, type, from, to, value, call, name } = operation;
    this.#write({
      begin: { id, client, file, type, from, to, value, call, ...(name !== undefined && { name }) },
    });
    return operation;
  }

  override end(operation: FileOperation, outcome: "done" | "refused" | "unknown", brick?: string): void {
    super.end(operation, this.isTorn ? "refused" : outcome, brick);
    this.isTorn = false;
    const { id, client, sizeBytes, values } = operation;
    this.#write({
      end: {
        id,
        client,
        outcome: operation.outcome,
        at: this.instant(),
        ...(brick !== undefined && { brick }),
        ...(sizeBytes !== undefined && { sizeBytes }),
        ...(values !== undefined && { values: [...values] }),
      },
    });
  }

  #write(line: HistoryLine): void {
    writeSync(this.#fd, `${JSON.stringify(line)}\n`);
  }
}
