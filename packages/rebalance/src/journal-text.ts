import { crc32 } from "node:zlib";
import { JOURNAL_VERSION } from "./journal.js";
import { type JournalRecord, journalRecord, versionRecord } from "./journal-records.js";
import { RebalanceError } from "./rebalance-error.js";

/** Largest journal that is read, in bytes; one that is kept is rewritten long before. */
export const JOURNAL_BYTES_MAX = 64 * 1_048_576;

/** Length and check, in eight hexadecimal digits each, with a blank after both. */
const HEAD_BYTES = 18;
const LF = 0x0a;

/** What the bytes of a journal say. */
export interface JournalText {
  /** All records but the first one, which has the version. */
  readonly records: readonly JournalRecord[];
  /** Where the last whole record ends; what follows was never acknowledged, and is to be cut off. */
  readonly endBytes: number;
  /** Check of the last record, which that of the next one goes on from. */
  readonly check: number;
}

/** Bytes to append, and the check that the next ones go on from. */
export interface JournalLines {
  readonly bytes: Uint8Array;
  readonly check: number;
}

/** The first line of every journal, whatever its version. */
export function encodeVersion(): JournalLines {
  return encodeLines([{ type: "journal", version: JOURNAL_VERSION }], 0);
}

/** Records as lines, to follow the record that had `check`. */
export function encodeRecords(records: readonly JournalRecord[], check: number): JournalLines {
  return encodeLines(records, check);
}

/**
 * Reads a journal. Each record is a line with its length and a checksum over itself and all before it, so that neither a
 * changed byte nor a line missing between others goes unnoticed. A last line that is not there to its end is what a power cut or a
 * full disk leaves of a write that nobody was told had come to the disk: it is left out. That whole lines are missing at the
 * end cannot be seen, and costs nothing but time: what they were about is found by asking the bricks.
 * @throws RebalanceError `REBALANCE_JOURNAL_DAMAGED`, `REBALANCE_JOURNAL_VERSION`.
 */
export function parseJournal(bytes: Uint8Array): JournalText {
  if (bytes.length > JOURNAL_BYTES_MAX) throw damagedJournal(`it has ${bytes.length} bytes`);
  const lines = new Lines(bytes);
  const first = lines.next();
  if (first === undefined) throw damagedJournal("it does not begin as a journal");
  const { version } = parseOr(() => versionRecord.parse(first), "its first line");
  if (version !== JOURNAL_VERSION) throw otherVersion(String(version));
  const records: JournalRecord[] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const content = line;
    records.push(parseOr(() => journalRecord.parse(content), `line ${records.length + 2}`));
  }
  return { records, endBytes: lines.endBytes, check: lines.check };
}

/** @returns `REBALANCE_JOURNAL_DAMAGED`, which says what to do next. */
export function damagedJournal(what: string, cause?: unknown): RebalanceError {
  const next = "move the directory away and run again: the bricks tell what is done";
  return new RebalanceError("REBALANCE_JOURNAL_DAMAGED", `${what}; ${next}`, { cause });
}

/** @returns `REBALANCE_JOURNAL_VERSION`, which says what to do next. */
export function otherVersion(version: string): RebalanceError {
  const next = "go on with the release that wrote it, or use another directory: the bricks tell what is done";
  const message = `it is of version ${version}, this program knows ${JOURNAL_VERSION}; ${next}`;
  return new RebalanceError("REBALANCE_JOURNAL_VERSION", message);
}

class Lines {
  readonly #bytes: Uint8Array;
  #at = 0;
  #check = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get endBytes(): number {
    return this.#at;
  }

  get check(): number {
    return this.#check;
  }

  /** What the next line holds; `undefined` at the end, and before a line that was never written to its end. */
  next(): unknown {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end < 0) {
      this.#checkTorn();
      return undefined;
    }
    const line = this.#bytes.subarray(this.#at, end);
    const json = line.subarray(HEAD_BYTES);
    const check = checkOf(json, this.#check);
    if (text(line.subarray(0, HEAD_BYTES)) !== headOf(json.length, check)) {
      throw damagedJournal(`it was changed after it was written, from byte ${this.#at} on`);
    }
    const content = parseOr(() => JSON.parse(text(json)) as unknown, `the line at byte ${this.#at}`);
    this.#at = end + 1;
    this.#check = check;
    return content;
  }

  /** What is left has no end of a line. It must be the beginning of one; blocks that were never written read as zeros. */
  #checkTorn(): void {
    let end = this.#bytes.length;
    while (end > this.#at && this.#bytes[end - 1] === 0) end -= 1;
    const rest = this.#bytes.subarray(this.#at, end);
    const head = text(rest.subarray(0, HEAD_BYTES));
    const isHead = /^(?:[0-9a-f]{0,8}|[0-9a-f]{8} [0-9a-f]{0,8}|[0-9a-f]{8} [0-9a-f]{8} )$/.test(head);
    const lengthBytes = head.length < 8 ? Infinity : Number.parseInt(head.slice(0, 8), 16);
    if (!isHead || rest.includes(0) || rest.length > HEAD_BYTES + lengthBytes) {
      throw damagedJournal(`it was changed after it was written, from byte ${this.#at} on`);
    }
  }
}

function encodeLines(records: readonly unknown[], from: number): JournalLines {
  let check = from;
  const chunks = records.map((record) => {
    const json = Buffer.from(JSON.stringify(record));
    check = checkOf(json, check);
    return Buffer.concat([Buffer.from(headOf(json.length, check)), json, Buffer.of(LF)]);
  });
  return { bytes: Buffer.concat(chunks), check };
}

function checkOf(json: Uint8Array, before: number): number {
  return crc32(json, before);
}

function headOf(lengthBytes: number, check: number): string {
  return `${hex(lengthBytes)} ${hex(check)} `;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** As it is in the file: what is no UTF-8 stays visible as such, and fits no head. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function parseOr<T>(parse: () => T, where: string): T {
  try {
    return parse();
  } catch (cause) {
    throw damagedJournal(`${where} is not what it should be`, cause);
  }
}
