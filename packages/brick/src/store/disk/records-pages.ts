import { readSync } from "node:fs";

const HEAD_BYTES = 24;
const NODE_BYTES = 8;
const DATABASE_BYTES = 48;
/** What a leaf has of a record that has pages of its own: the first one's number, its transaction, how many. */
const BIG_BYTES = 24;
/** Where the two databases of a file are in a meta page: what is free, and what there is. */
const FREE_AT = 48;
const MAIN_AT = 96;

const Page = { branch: 1, leaf: 2, overflow: 4 } as const;
const Node = { big: 1, database: 2 } as const;
const INTEGER_KEYS = 8;
/** No tree of pages of 256 bytes and more that a file can hold is deeper. */
const DEPTH_MAX = 32;

/** The file that is walked, as its meta page tells. */
export interface RecordsFile {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly pageBytes: number;
  /** Number of the last page that was ever in use; one that is free again need not be in the file. */
  readonly lastPage: number;
}

/**
 * What is wrong with the pages that a meta page leads to; `undefined` when lmdb can walk them. lmdb trusts what it maps: a page
 * that was overwritten ends the process with a signal, and then nobody says what to do. Each page of the trees is looked at
 * once, which takes some µs for each. What the values mean is not looked at.
 * Source: lmdb, `MDB_page`, `MDB_node`, `MDB_ovpage`, `MDB_db`, as lmdb-js 3 builds it (offsets count from the end of a page's head).
 */
export function faultOfPages(file: RecordsFile, meta: Buffer): string | undefined {
  const walk = new PageWalk(file);
  try {
    walk.database(meta.subarray(FREE_AT, FREE_AT + DATABASE_BYTES), true);
    walk.database(meta.subarray(MAIN_AT, MAIN_AT + DATABASE_BYTES), false);
    return undefined;
  } catch (error) {
    if (error instanceof PageFault) return error.message;
    throw error;
  }
}

class PageFault extends Error {}

class PageWalk {
  readonly #file: RecordsFile;
  /** Pages that are in the file, and no more than were ever in use. */
  readonly #pages: number;
  readonly #seen: Uint8Array;

  constructor(file: RecordsFile) {
    this.#file = file;
    this.#pages = Math.min(file.lastPage + 1, Math.floor(file.sizeBytes / file.pageBytes));
    this.#seen = new Uint8Array(Math.ceil(this.#pages / 8));
  }

  /** Looks at a database and those within it. */
  database(record: Buffer, isOfFreePages: boolean): void {
    const root = record.readBigUInt64LE(40);
    const depth = record.readUInt16LE(6);
    // The flags of the first one are those of the file as well.
    if (!isOfFreePages && record.readUInt16LE(4) !== 0) throw new PageFault("a database has unknown flags");
    if (isOfFreePages && (record.readUInt16LE(4) & INTEGER_KEYS) === 0) {
      throw new PageFault("the database of free pages is none");
    }
    if (root === 0xffff_ffff_ffff_ffffn) {
      if (depth !== 0 || record.readBigUInt64LE(32) !== 0n)
        throw new PageFault("a database has lost its root");
      return;
    }
    if (depth === 0 || depth > DEPTH_MAX) throw new PageFault(`a database is ${depth} deep`);
    const entries = this.#tree(root, depth, isOfFreePages, undefined, undefined);
    const wanted = record.readBigUInt64LE(32);
    if (BigInt(entries) !== wanted) throw new PageFault(`a database has ${entries} records of ${wanted}`);
  }

  /** @returns how many records are below; their keys are at least `from` and less than `to`. */
  #tree(
    number: bigint,
    depth: number,
    isOfFreePages: boolean,
    from: Buffer | undefined,
    to: Buffer | undefined,
  ): number {
    const page = this.#page(number);
    const isLeaf = depth === 1;
    const flags = page.readUInt16LE(18);
    if (flags !== (isLeaf ? Page.leaf : Page.branch)) throw fault(number, `is of kind ${flags}`);
    const nodes = this.#nodes(number, page);
    let entries = 0;
    let before = from;
    for (const [index, { at, key }] of nodes.entries()) {
      // The first key of a branch stands for all that are less.
      const isFirst = !isLeaf && index === 0;
      if (!isFirst && !isOfFreePages) {
        const isAscending = before === undefined || Buffer.compare(before, key) < (index === 0 ? 1 : 0);
        if (!isAscending || (to !== undefined && Buffer.compare(key, to) >= 0)) {
          throw fault(number, "has keys in no order");
        }
        before = key;
      }
      if (isLeaf) {
        this.#leaf(number, page, at, key, isOfFreePages);
        entries += 1;
        continue;
      }
      const child = BigInt(page.readUInt32LE(at)) | (BigInt(page.readUInt16LE(at + 4)) << 32n);
      const next = nodes[index + 1]?.key ?? to;
      entries += this.#tree(child, depth - 1, isOfFreePages, isFirst ? from : Buffer.from(key), next);
    }
    return entries;
  }

  #nodes(number: bigint, page: Buffer): readonly { readonly at: number; readonly key: Buffer }[] {
    const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
    const room = page.length - HEAD_BYTES;
    if (lower % 2 !== 0 || lower > upper || upper > room || lower === 0)
      throw fault(number, "has a head that fits nothing");
    return Array.from({ length: lower / 2 }, (_, index) => {
      const at = HEAD_BYTES + page.readUInt16LE(HEAD_BYTES + 2 * index);
      const keyEnd =
        at < HEAD_BYTES + upper || at + NODE_BYTES > page.length
          ? Infinity
          : at + NODE_BYTES + page.readUInt16LE(at + 6);
      if (keyEnd > page.length) throw fault(number, "has a record beyond its end");
      return { at, key: page.subarray(at + NODE_BYTES, keyEnd) };
    });
  }

  #leaf(number: bigint, page: Buffer, at: number, key: Buffer, isOfFreePages: boolean): void {
    const flags = page.readUInt16LE(at + 4);
    const lengthBytes = page.readUInt32LE(at);
    const from = at + NODE_BYTES + key.length;
    if (key.length === 0 || (isOfFreePages && key.length !== 8))
      throw fault(number, "has a record without a key");
    if (flags === Node.big) {
      if (from + BIG_BYTES > page.length) throw fault(number, "has a record beyond its end");
      return this.#overflow(page.readBigUInt64LE(from), page.readBigUInt64LE(from + 16), lengthBytes);
    }
    if (from + lengthBytes > page.length) throw fault(number, "has a record beyond its end");
    if (flags === 0) return;
    if (flags !== Node.database || lengthBytes !== DATABASE_BYTES || isOfFreePages) {
      throw fault(number, `has a record of kind ${flags}`);
    }
    this.database(Buffer.from(page.subarray(from, from + DATABASE_BYTES)), false);
  }

  /** A record that has pages of its own: more than it needs when it was made smaller in the very commit that made it. */
  #overflow(number: bigint, count: bigint, lengthBytes: number): void {
    const page = this.#page(number);
    const needed = Math.ceil((HEAD_BYTES + lengthBytes) / this.#file.pageBytes);
    const isIt = page.readUInt16LE(18) === Page.overflow && BigInt(page.readUInt32LE(20)) === count;
    if (!isIt || count < needed) throw fault(number, "is not the record that it should be");
    for (let more = 1n; more < count; more += 1n) this.#mark(number + more);
  }

  #page(number: bigint): Buffer {
    this.#mark(number);
    const { fd, pageBytes } = this.#file;
    const page = Buffer.allocUnsafe(pageBytes);
    if (readSync(fd, page, 0, pageBytes, Number(number) * pageBytes) < pageBytes)
      throw fault(number, "is not there");
    if (page.readBigUInt64LE(0) !== number) throw fault(number, "is another one");
    return page;
  }

  #mark(number: bigint): void {
    if (number < 2n || number >= BigInt(this.#pages)) throw fault(number, "is not in the file");
    const [at, bit] = [Number(number >> 3n), 1 << Number(number & 7n)];
    const seen = this.#seen[at] ?? 0;
    if ((seen & bit) !== 0) throw fault(number, "is in use twice");
    this.#seen[at] = seen | bit;
  }
}

function fault(number: bigint, what: string): PageFault {
  return new PageFault(`page ${number} ${what}`);
}
