import { close, closeSync, open, openSync } from "node:fs";
import type { Gfid } from "@brickshift/wire";
import { StoreError } from "../store-error.js";
import { storeErrorFrom } from "./platform-error.js";
import { type PoolUse, QuickCalls } from "./quick-calls.js";

/** A file that is open. */
export interface OpenFile {
  readonly fd: number;
  readonly reads: QuickCalls;
  readonly writes: QuickCalls;
  /** Calls that use the fd now: it is not closed meanwhile. */
  users: number;
  /** Out of the table, to be closed by its last user. */
  isDropped: boolean;
}

/** The open files of a store: at most so many, the one not used for longest is closed first, never one in use. */
export class OpenFiles {
  readonly #files = new Map<Gfid, OpenFile>();
  readonly #pathOf: (gfid: Gfid) => string;
  readonly #filesMax: number;
  readonly #pool: PoolUse = { running: 0 };

  constructor(pathOf: (gfid: Gfid) => string, filesMax: number) {
    this.#pathOf = pathOf;
    this.#filesMax = filesMax;
  }

  /** How many files are open. */
  get size(): number {
    return this.#files.size;
  }

  /** The fd of a file that is open already, for a call that ends before this turn does. */
  peek(gfid: Gfid): number | undefined {
    return this.#files.get(gfid)?.fd;
  }

  /**
   * Makes the file, in the thread pool: a file system that is syncing may keep whoever makes a file waiting.
   * @throws StoreError (as rejection) `STORE_BLOB_EXISTS`, `STORE_FILES_MAX`.
   */
  async create(gfid: Gfid): Promise<void> {
    let fd: number;
    try {
      fd = await openPooled(this.#pathOf(gfid), "wx+");
    } catch (error) {
      throw storeErrorFrom(error, `making of blob ${gfid}`);
    }
    try {
      this.#keep(gfid, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Runs `work` with the file's fd and keeps it open for as long. @throws StoreError `STORE_BLOB_MISSING`, `STORE_FILES_MAX`. */
  use<T>(gfid: Gfid, work: (fd: number, file: OpenFile) => T): T {
    const file = this.#files.get(gfid) ?? this.#open(gfid, "r+");
    // Last in the map is last in line for closing.
    this.#files.delete(gfid);
    this.#files.set(gfid, file);
    return work(file.fd, file);
  }

  /** As {@link use}, for work that ends later. */
  async useLong<T>(gfid: Gfid, work: (fd: number) => Promise<T>): Promise<T> {
    const file = this.use(gfid, (_fd, open) => open);
    file.users += 1;
    try {
      return await work(file.fd);
    } finally {
      file.users -= 1;
      if (file.isDropped && file.users === 0) closeLater(file.fd);
    }
  }

  /** As {@link useLong}, for a read or a write in the thread pool. */
  async usePooled<T>(gfid: Gfid, work: (fd: number) => Promise<T>): Promise<T> {
    this.#pool.running += 1;
    try {
      return await this.useLong(gfid, work);
    } finally {
      this.#pool.running -= 1;
    }
  }

  /** Forgets the file; its last user closes it. */
  drop(gfid: Gfid): void {
    const file = this.#files.get(gfid);
    if (file === undefined) return;
    this.#files.delete(gfid);
    file.isDropped = true;
    if (file.users === 0) closeLater(file.fd);
  }

  /** Closes all; nobody uses one any more. */
  close(): void {
    for (const file of this.#files.values()) closeSync(file.fd);
    this.#files.clear();
  }

  #open(gfid: Gfid, flags: string): OpenFile {
    let fd: number;
    try {
      fd = openSync(this.#pathOf(gfid), flags);
    } catch (error) {
      throw storeErrorFrom(error, `open of blob ${gfid}`);
    }
    try {
      return this.#keep(gfid, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #keep(gfid: Gfid, fd: number): OpenFile {
    if (this.#files.size >= this.#filesMax) this.#evict();
    const file = {
      fd,
      reads: new QuickCalls(this.#pool),
      writes: new QuickCalls(this.#pool),
      users: 0,
      isDropped: false,
    };
    this.#files.set(gfid, file);
    return file;
  }

  #evict(): void {
    for (const [gfid, file] of this.#files) {
      if (file.users > 0) continue;
      this.#files.delete(gfid);
      // Cheaper than the way through the thread pool: the file keeps its name, so nothing is freed.
      closeSync(file.fd);
      return;
    }
    throw new StoreError("STORE_FILES_MAX", `all ${this.#filesMax} open files are in use`);
  }
}

function openPooled(path: string, flags: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

/** In the thread pool: the last close of a removed big file takes long. */
function closeLater(fd: number): void {
  close(fd, () => {});
}
