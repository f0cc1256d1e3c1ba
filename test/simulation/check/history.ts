/** What one operation of a client did to one file, and what came of it. */
export interface FileOperation {
  readonly id: number;
  readonly client: string;
  readonly file: string;
  readonly type: "write" | "read" | "truncate" | "sync" | "name" | "read-name" | "note";
  /** The blocks that it is about, `[from, to)`; of a truncation all from `from` on. */
  readonly from: number;
  readonly to: number;
  /** What was written: the same in each block. */
  readonly value: number;
  /** What was read, block by block; 0 where there was nothing. */
  values: Uint32Array | undefined;
  /** The size that the answer told, in bytes. */
  sizeBytes: number | undefined;
  /** The name given or found; `undefined` when there is none. */
  name: string | undefined;
  /** Who answered. */
  brick: string | undefined;
  readonly call: number;
  /** When its answer came. */
  end: number;
  outcome: "under-way" | "done" | "refused" | "unknown";
}

/** A power cut that may have taken something back. */
export interface PowerCut {
  readonly file: string;
  /** The brick that lost power while it had the authority over the file. */
  readonly brick: string;
  readonly at: number;
  /** The size that was left, in bytes. */
  readonly sizeBytes: number;
}

type Begun = Pick<FileOperation, "client" | "file" | "type"> &
  Partial<Pick<FileOperation, "from" | "to" | "value" | "name">>;

/** What all clients did, in the order of their calls and answers. */
export class History {
  /** Bytes of one block, the unit of which histories are kept. */
  readonly blockBytes: number;
  /** Whether a write that makes a file longer does so block by block, for all to see; else at once. */
  readonly growsByBlock: boolean;
  readonly operations: FileOperation[] = [];
  readonly powerCuts: PowerCut[] = [];
  /** Blocks and sizes that were too hard to judge. */
  unjudged = 0;
  #instant = 0;

  constructor(blockBytes: number, growsByBlock = false) {
    this.blockBytes = blockBytes;
    this.growsByBlock = growsByBlock;
  }

  /** A number for a moment, more than those of all earlier ones. */
  instant(): number {
    this.#instant += 1;
    return this.#instant;
  }

  begin(begun: Begun): FileOperation {
    const operation: FileOperation = {
      from: 0,
      to: 0,
      value: 0,
      name: undefined,
      ...begun,
      id: this.operations.length + 1,
      values: undefined,
      sizeBytes: undefined,
      brick: undefined,
      call: this.instant(),
      end: Number.POSITIVE_INFINITY,
      outcome: "under-way",
    };
    this.operations.push(operation);
    return operation;
  }

  end(operation: FileOperation, outcome: "done" | "refused" | "unknown", brick?: string): void {
    operation.outcome = outcome;
    operation.brick = brick;
    operation.end = outcome === "unknown" ? Number.POSITIVE_INFINITY : this.instant();
  }

  powerCut(cut: Omit<PowerCut, "at">): void {
    this.powerCuts.push({ ...cut, at: this.instant() });
  }
}

/** One line for each operation, for people. */
export function formatHistory(operations: readonly FileOperation[]): string {
  return operations
    .map((operation) => {
      const { id, client, file, type, from, to, value, call, end, outcome, brick, name, values } = operation;
      const blocks = `[${from}, ${to})`;
      const what = {
        write: `writes ${value} to blocks ${blocks}`,
        read: `reads blocks ${blocks}: ${values === undefined ? "nothing" : [...values].join(" ")}`,
        truncate: `truncates to ${from} blocks`,
        sync: "syncs",
        note: `notes ${value} in an xattr`,
        name: `names it ${name ?? "nothing"}`,
        "read-name": `finds the name ${name ?? "nothing"}`,
      }[type];
      const span = `${call}–${end === Number.POSITIVE_INFINITY ? "?" : end}`;
      return `${String(id).padStart(4)} ${span.padEnd(11)} ${client} ${file} ${what}: ${outcome}${brick === undefined ? "" : ` by ${brick}`}`;
    })
    .join("\n");
}
