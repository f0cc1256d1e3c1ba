import { closeSync, fstatSync, ftruncateSync, openSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hostRandom } from "../../host-driver.js";
import { StoreError } from "../store-error.js";
import { storeErrorFrom } from "./platform-error.js";

const RESERVE_FILE = "reserve";
const RESERVE_BYTES_MAX = 4_194_304;
/** Of a small disk no more than this part is kept. */
const RESERVE_SHARE = 1 / 16;
/** Part of the reserve that has to be free before a commit: the pages that many removals in one commit make anew. */
const MARGIN_SHARE = 1 / 4;
const PIECE_BYTES = 65_536;
const PLENTY_BYTES = 64 * 1_048_576;

/**
 * Room on the medium that is kept for changes which make room. lmdb writes each page that it changes to another place, a removal
 * too: on a full medium half of them failed (measured, 1,000 records on a tmpfs), so that a full brick could not be emptied.
 * The room is a file, given back piece by piece; it is made whole again as soon as there is room.
 */
export class Reserve {
  readonly #path: string;
  readonly #directory: string;
  #heldBytes: number;
  #keptFreeBytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, RESERVE_FILE);
    this.#heldBytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Sees that there is room for what may use the reserve, as far as the reserve reaches. */
  makeRoom(): void {
    const { freeBytes, marginBytes } = this.#room();
    if (freeBytes < marginBytes && this.#heldBytes > 0) this.#giveBack(marginBytes - freeBytes);
  }

  /** From now on so much is kept free beside the margin, out of the reserve where need be, for what the next commit brings along. */
  keepFree(bytes: number): void {
    this.#keptFreeBytes = bytes;
    if (bytes > 0) this.makeRoom();
  }

  /** Whether the reserve is whole, and so much is free that what is put off for a moment will have its room. */
  get hasPlenty(): boolean {
    const { freeBytes, reserveBytes } = this.#room();
    return this.#heldBytes >= reserveBytes && freeBytes >= PLENTY_BYTES;
  }

  /**
   * Before a commit: sees that there is room for it.
   * @param mayUseReserve asked when the medium is full only.
   * @throws StoreError `STORE_NO_SPACE` when there is none but the reserve, and the commit may not use it.
   */
  admit(mayUseReserve: () => boolean): void {
    const { freeBytes, marginBytes, reserveBytes } = this.#room();
    const spareBytes = freeBytes - marginBytes;
    const missingBytes = reserveBytes - this.#heldBytes;
    if (missingBytes > 0 && spareBytes > 0) this.#hold(this.#heldBytes + Math.min(missingBytes, spareBytes));
    // There is room also where the reserve could not be made, for want of fds or a permission.
    if (spareBytes >= Math.max(0, missingBytes)) return;
    if (!mayUseReserve()) throw new StoreError("STORE_NO_SPACE", `${this.#directory} has no room left`);
    this.makeRoom();
  }

  /** What a commit failed with. On a medium that is almost full lmdb fails with EIO: it wrote the half of a page. */
  failureOf(error: unknown, doing: string): Error {
    const failure = storeErrorFrom(error, doing);
    const isOfIo = failure instanceof StoreError && failure.code === "STORE_IO";
    return isOfIo && this.#isShort
      ? new StoreError("STORE_NO_SPACE", failure.message, { cause: error })
      : failure;
  }

  get #isShort(): boolean {
    const { freeBytes, marginBytes } = this.#room();
    return freeBytes < marginBytes;
  }

  #room() {
    const unknown = { freeBytes: Number.MAX_SAFE_INTEGER, marginBytes: 0, reserveBytes: 0 };
    try {
      const { bsize, bavail, blocks } = statfsSync(this.#directory);
      if (blocks === 0) return unknown;
      const reserveBytes = Math.min(RESERVE_BYTES_MAX, Math.floor(blocks * bsize * RESERVE_SHARE));
      return {
        freeBytes: bavail * bsize,
        marginBytes: Math.floor(reserveBytes * MARGIN_SHARE) + this.#keptFreeBytes,
        reserveBytes,
      };
    } catch {
      // What is wrong with the medium the commit tells.
      return unknown;
    }
  }

  /** Grows the file, as far as nobody else takes the room. */
  #hold(bytes: number): void {
    this.#resize((fd, size) => {
      // Zeros would take no room where the file system compresses.
      for (let at = size; at < bytes;) at += writeSync(fd, hostRandom(Math.min(PIECE_BYTES, bytes - at)));
    });
  }

  #giveBack(bytes: number): void {
    this.#resize((fd, size) => ftruncateSync(fd, Math.max(0, size - bytes)));
  }

  /** What fails, fails for the reserve alone: the change that it is for may go on, and what the file has then counts. */
  #resize(work: (fd: number, size: number) => void): void {
    try {
      const fd = openSync(this.#path, "a");
      try {
        work(fd, fstatSync(fd).size);
      } finally {
        this.#heldBytes = fstatSync(fd).size;
        closeSync(fd);
      }
    } catch {
      // The medium is told to be full when a change finds it so.
    }
  }
}
