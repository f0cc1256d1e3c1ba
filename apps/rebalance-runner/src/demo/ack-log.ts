import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from "node:fs";

/** What one writer knows of one block: the versions that it sent and that were acknowledged; 0 is the content before. */
export interface BlockHistory {
  /** Highest version whose success the writer has seen. */
  acknowledged: number;
  /** Highest version that the writer has ever sent; its outcome may be unknown. */
  attempted: number;
}

const recordBytes = 16;
const attemptKind = 1;
const acknowledgeKind = 2;

/** Key of a block in {@link BlockHistories}. */
export function blockKey(file: number, block: number): number {
  return file * 0x1_0000_0000 + block;
}

export type BlockHistories = Map<number, BlockHistory>;

/**
 * The writer's own memory of what it was promised, on disk: it outlives the writer, so that a demo that
 * was interrupted can still be checked. Records of 16 bytes: file, block, version, kind.
 */
export class AckLog {
  readonly #path: string;
  readonly #histories: BlockHistories;
  #pending: Buffer[] = [];

  constructor(path: string) {
    this.#path = path;
    // A writer that was killed may have left half a record; what follows must start on a whole one.
    if (existsSync(path)) truncateSync(path, statSync(path).size - (statSync(path).size % recordBytes));
    this.#histories = readAckLog(path);
  }

  /** What was known when the log was opened, and since. */
  history(file: number, block: number): BlockHistory {
    const key = blockKey(file, block);
    let history = this.#histories.get(key);
    if (history === undefined) {
      history = { acknowledged: 0, attempted: 0 };
      this.#histories.set(key, history);
    }
    return history;
  }

  /** To be called before `version` is sent, so that no acknowledgement can come before it. */
  attempt(file: number, block: number, version: number): void {
    this.history(file, block).attempted = version;
    this.#append(file, block, version, attemptKind);
  }

  acknowledge(file: number, block: number, version: number): void {
    const history = this.history(file, block);
    history.acknowledged = Math.max(history.acknowledged, version);
    this.#append(file, block, version, acknowledgeKind);
  }

  /** Hands everything to the operating system. */
  flush(): void {
    if (this.#pending.length === 0) return;
    appendFileSync(this.#path, Buffer.concat(this.#pending));
    this.#pending = [];
  }

  #append(file: number, block: number, version: number, kind: number): void {
    const record = Buffer.allocUnsafe(recordBytes);
    record.writeUInt32BE(file, 0);
    record.writeUInt32BE(block, 4);
    record.writeUInt32BE(version, 8);
    record.writeUInt32BE(kind, 12);
    this.#pending.push(record);
  }
}

/** Reads a log whole; a torn last record is ignored, a missing file is an empty log. */
export function readAckLog(path: string): BlockHistories {
  const histories: BlockHistories = new Map();
  if (!existsSync(path)) return histories;
  const bytes = readFileSync(path);
  for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
    const key = blockKey(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4));
    const version = bytes.readUInt32BE(at + 8);
    const history = histories.get(key) ?? { acknowledged: 0, attempted: 0 };
    if (bytes.readUInt32BE(at + 12) === acknowledgeKind)
      history.acknowledged = Math.max(history.acknowledged, version);
    history.attempted = Math.max(history.attempted, version);
    histories.set(key, history);
  }
  return histories;
}
