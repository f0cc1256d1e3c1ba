import { existsSync, fstatSync, ftruncateSync, readdirSync, statfsSync, statSync } from "node:fs";
import { type Gfid, parseGfid } from "@brickshift/wire";
import { InTurn } from "../in-turn.js";
import type { BlobStat, DataStore } from "../store.js";
import { StoreError } from "../store-error.js";
import {
  readFullyPooled,
  readFullySync,
  removeFile,
  syncData,
  truncatePooled,
  writeFullyPooled,
  writeFullySync,
} from "./file-io.js";
import { FreshNames } from "./fresh-names.js";
import { OpenFiles } from "./open-files.js";
import type { DiskStoreOptions } from "./options.js";
import { storeErrorFrom } from "./platform-error.js";
import { blobDirectory } from "./store-format.js";

/** A range is zeroed in pieces of this size; a piece that is zero already stays a hole. */
const ZERO_PIECE_BYTES = 1_048_576;
/** A file that loses this much is cut in the thread pool: 1 GiB took 64 ms, in which nobody else was served (measured, ext4). */
const LONG_TRUNCATION_BYTES = 16_777_216;
/** Names that nobody has synced, a hundred bytes each: past this many their directories, 256, are synced. */
const FRESH_NAMES_MAX = 65_536;

/**
 * Filesystems that bring the name of a new file to disk with the file's own fsync, by their number in statfs: ext4 (and 2, 3),
 * XFS, btrfs. On others the directory is synced too, which halves the rate of small new files (measured).
 * Source: Linux, `fs/ext4/fsync.c` (`ext4_sync_parent`), and the single log transaction in which each makes a file.
 */
const bringsNames: ReadonlySet<number> = new Set([0xef53, 0x5846_5342, 0x9123_683e]);

/** Blobs as plain files named by gfid, in 256 directories by its first byte. */
export class DiskData implements DataStore {
  readonly #options: DiskStoreOptions;
  /** By the first byte of a gfid: a path is asked for several times for each file. */
  readonly #directories: readonly string[];
  readonly #files: OpenFiles;
  readonly #turns = new InTurn();
  readonly #fresh = new FreshNames((gfid) => this.#directory(gfid), FRESH_NAMES_MAX);
  readonly #syncsNames: boolean;
  #underWay = 0;
  #whenIdle = () => {};
  #isClosed = false;

  constructor(options: DiskStoreOptions) {
    this.#options = options;
    this.#directories = Array.from({ length: 256 }, (_, byte) => blobDirectory(options.directory, byte));
    this.#syncsNames = !bringsNames.has(statfsSync(options.directory).type);
    this.#files = new OpenFiles((gfid) => this.#path(gfid), options.openFilesMax);
  }

  create(gfid: Gfid): Promise<void> {
    return this.#change(gfid, "create", async () => {
      if (this.#syncsNames) await this.#fresh.makeRoom();
      await this.#files.create(gfid);
      if (this.#syncsNames) this.#fresh.made(gfid);
    });
  }

  read(gfid: Gfid, offset: number, into: Uint8Array): Promise<number> {
    return this.#guard(gfid, "read", () => this.#read(gfid, offset, into));
  }

  write(gfid: Gfid, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#change(gfid, "write", () => this.#write(gfid, offset, bytes));
  }

  append(gfid: Gfid, bytes: Uint8Array): Promise<number> {
    return this.#change(gfid, "append", async () => {
      const offset = this.#files.use(gfid, (fd) => fstatSync(fd).size);
      await this.#write(gfid, offset, bytes);
      return offset;
    });
  }

  truncate(gfid: Gfid, size: number): Promise<void> {
    return this.#change(gfid, "truncate", () => {
      const isLong = this.#files.use(gfid, (fd) => fstatSync(fd).size - size >= LONG_TRUNCATION_BYTES);
      return isLong
        ? this.#files.useLong(gfid, (fd) => truncatePooled(fd, size))
        : this.#files.use(gfid, (fd) => ftruncateSync(fd, size));
    });
  }

  grow(gfid: Gfid, size: number): Promise<void> {
    return this.#change(gfid, "grow", () =>
      this.#files.use(gfid, (fd) => {
        if (fstatSync(fd).size < size) ftruncateSync(fd, size);
      }),
    );
  }

  zero(gfid: Gfid, offset: number, length: number): Promise<void> {
    return this.#change(gfid, "zero", () =>
      this.#files.useLong(gfid, async (fd) => {
        // Cutting the file and growing it again would give the room back, but a kill between the two would lose the size.
        const { size, blocks } = fstatSync(fd);
        const end = blocks === 0 ? 0 : Math.min(offset + length, size);
        const piece = Buffer.alloc(Math.max(0, Math.min(ZERO_PIECE_BYTES, end - offset)));
        const zeros = Buffer.alloc(piece.length);
        for (let at = offset; at < end; at += piece.length) {
          const part = Math.min(piece.length, end - at);
          const count = await readFullyPooled(fd, at, piece.subarray(0, part));
          if (zeros.compare(piece, 0, count, 0, count) === 0) continue;
          await writeFullyPooled(fd, at, zeros.subarray(0, part));
        }
      }),
    );
  }

  sync(gfid: Gfid): Promise<void> {
    return this.#guard(gfid, "sync", async () => {
      await this.#files.useLong(gfid, syncData);
      await this.#fresh.sync(gfid);
    });
  }

  remove(gfid: Gfid): Promise<void> {
    return this.#change(gfid, "remove", async () => {
      this.#files.drop(gfid);
      this.#fresh.removed(gfid);
      await removeFile(this.#path(gfid));
    });
  }

  stat(gfid: Gfid): BlobStat | undefined {
    this.#check();
    try {
      const fd = this.#files.peek(gfid);
      const stat = fd === undefined ? statSync(this.#path(gfid), { throwIfNoEntry: false }) : fstatSync(fd);
      return stat && { size: stat.size, blocks: stat.blocks, wallModifiedMs: stat.mtimeMs };
    } catch (error) {
      throw storeErrorFrom(error, `stat of blob ${gfid}`);
    }
  }

  async seek(gfid: Gfid, offset: number, what: "data" | "hole"): Promise<number | undefined> {
    const stat = this.stat(gfid);
    if (stat === undefined) throw new StoreError("STORE_BLOB_MISSING", `no blob ${gfid}`);
    if (offset >= stat.size) return undefined;
    // Node has no SEEK_HOLE: a blob is one hole when it takes no room, and all data otherwise.
    if (stat.blocks === 0) return what === "hole" ? offset : undefined;
    return what === "hole" ? stat.size : offset;
  }

  async *list(): AsyncGenerator<Gfid> {
    this.#check();
    for (const [byte, directory] of this.#directories.entries()) {
      if (!existsSync(directory)) continue;
      for (const name of readdirSync(directory)) {
        const gfid = gfidOf(name, byte);
        if (gfid !== undefined) yield gfid;
      }
    }
  }

  space() {
    this.#check();
    const space = statfsSync(this.#options.directory);
    return {
      blockBytes: space.bsize,
      blocks: space.blocks,
      blocksFree: space.bfree,
      blocksAvailable: space.bavail,
      files: space.files,
      filesFree: space.ffree,
      nameBytesMax: 255,
    };
  }

  /** Refuses new calls, waits for those under way, closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    this.#files.close();
    this.#fresh.close();
  }

  #write(gfid: Gfid, offset: number, bytes: Uint8Array): void | Promise<void> {
    if (offset + bytes.length > Number.MAX_SAFE_INTEGER) {
      throw new StoreError("STORE_FILE_TOO_BIG", `write at ${offset}`);
    }
    const isShort = bytes.length < this.#options.pooledBytesMin;
    return this.#files.use(gfid, (fd, { writes }) => {
      if (!isShort || !writes.areQuick) {
        return this.#files.usePooled(gfid, () => writeFullyPooled(fd, offset, bytes));
      }
      return writes.make(bytes.length, () => writeFullySync(fd, offset, bytes));
    });
  }

  #read(gfid: Gfid, offset: number, into: Uint8Array): number | Promise<number> {
    const isShort = into.length < this.#options.pooledBytesMin;
    return this.#files.use(gfid, (fd, { reads }) => {
      if (!isShort || !reads.areQuick) {
        return this.#files.usePooled(gfid, () => readFullyPooled(fd, offset, into));
      }
      return reads.make(into.length, () => readFullySync(fd, offset, into));
    });
  }

  #change<T>(gfid: Gfid, doing: string, work: () => T | Promise<T>): Promise<T> {
    return this.#guard(gfid, doing, () => this.#turns.run(gfid, work));
  }

  async #guard<T>(gfid: Gfid, doing: string, work: () => T | Promise<T>): Promise<T> {
    this.#check();
    this.#underWay += 1;
    try {
      return await work();
    } catch (error) {
      throw storeErrorFrom(error, `${doing} of blob ${gfid}`);
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#whenIdle();
    }
  }

  #check(): void {
    if (this.#isClosed) throw new StoreError("STORE_CLOSED", "the store is closed");
  }

  #directory(gfid: Gfid): string {
    return this.#directories[firstByte(gfid)] as string;
  }

  #path(gfid: Gfid): string {
    return `${this.#directory(gfid)}/${gfid}`;
  }
}

function firstByte(gfid: Gfid): number {
  return Number.parseInt(gfid.slice(0, 2), 16);
}

/** The gfid of a file name in directory `byte`; `undefined` for what is not ours. */
function gfidOf(name: string, byte: number): Gfid | undefined {
  try {
    const gfid = parseGfid(name);
    return gfid === name && firstByte(gfid) === byte ? gfid : undefined;
  } catch {
    return undefined;
  }
}
