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
/** What the change of one key may take in lmdb beside its value: the two halves of a leaf, and its share of the pages above. */
export const BYTES_PER_CHANGE = 10_240;
/** What lmdb has in a leaf for a key, beside the key. */
const NODE_BYTES = 16;
const roomUnknown = { spareBytes: Number.MAX_SAFE_INTEGER, missingBytes: 0 };

/** What a transaction needs room for; it stays the same until it is settled. */
export interface Claim {
  /** How many keys are changed. */
  readonly size: number;
  /** Length of all keys and values that are put. */
  readonly putBytes: number;
  /** Asked when the medium is full only. */
  readonly mayUseReserve: boolean;
}

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
  /** Admitted, and perhaps not on the medium yet. */
  readonly #claims = new Set<Claim>();
  #changes = 0;
  #growthBytes = 0;
  /** So much may be claimed before the medium is asked again; nothing as soon as a commit has ended. */
  #creditBytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, RESERVE_FILE);
    this.#heldBytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Sees that there is room for what may use the reserve, as far as the reserve reaches. */
  makeRoom(): void {
    const { spareBytes } = this.#room();
    if (spareBytes < 0 && this.#heldBytes > 0) this.#giveBack(-spareBytes);
  }

  /** As {@link makeRoom}; where there is room, the reserve has its part of it first. */
  balance(): void {
    if (!this.#refill()) this.makeRoom();
    this.#creditBytes = 0;
  }

  /** From now on so much is kept free beside the margin, out of the reserve where need be, for what the next commit brings along. */
  keepFree(bytes: number): void {
    this.#keptFreeBytes = bytes;
    this.#creditBytes = 0;
    if (bytes > 0) this.makeRoom();
  }

  /** Whether the reserve is whole, and so much is free that what is put off for a moment will have its room. */
  get hasPlenty(): boolean {
    const { spareBytes, missingBytes } = this.#room();
    return missingBytes <= 0 && spareBytes >= PLENTY_BYTES;
  }

  /**
   * Sees that a commit has room for one transaction more, beside all that were admitted and are not settled: lmdb writes them
   * together, and fails as a whole. Where there is plenty the medium is asked once for all of them.
   * @throws StoreError `STORE_NO_SPACE` when there is no room but the reserve, and the transaction may not use it.
   */
  admit(claim: Claim): void {
    this.#count(claim, 1);
    this.#claims.add(claim);
    this.#creditBytes -= growthBytes(claim) + claim.size * BYTES_PER_CHANGE;
    if (this.#creditBytes >= 0 || this.#refill()) return;
    if (claim.mayUseReserve) return this.makeRoom();
    this.settle(claim);
    throw new StoreError("STORE_NO_SPACE", `${this.#directory} has no room left`);
  }

  /** The commit of a transaction has ended, one way or the other; nothing to do for one that was not admitted. */
  settle(claim: Claim): void {
    if (!this.#claims.delete(claim)) return;
    this.#count(claim, -1);
    this.#creditBytes = 0;
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
    return this.#room().spareBytes < 0;
  }

  #count(claim: Claim, sign: 1 | -1): void {
    this.#changes += sign * claim.size;
    this.#growthBytes += sign * growthBytes(claim);
  }

  /** Asks the medium, and makes the reserve whole as far as there is room. @returns whether there is room without the reserve. */
  #refill(): boolean {
    const { spareBytes, missingBytes } = this.#room();
    if (missingBytes > 0 && spareBytes > 0) this.#hold(this.#heldBytes + Math.min(missingBytes, spareBytes));
    this.#creditBytes = missingBytes > 0 ? 0 : spareBytes - PLENTY_BYTES;
    // There is room also where the reserve could not be made, for want of fds or a permission.
    return spareBytes >= Math.max(0, missingBytes);
  }

  /** What is free beside the margin and all that is claimed, and what the reserve lacks. */
  #room() {
    try {
      const { bsize, bavail, blocks } = statfsSync(this.#directory);
      if (blocks === 0) return roomUnknown;
      const reserveBytes = Math.min(RESERVE_BYTES_MAX, Math.floor(blocks * bsize * RESERVE_SHARE));
      const marginBytes = Math.floor(reserveBytes * MARGIN_SHARE) + this.#keptFreeBytes;
      return {
        spareBytes: bavail * bsize - marginBytes - this.#claimedBytes(),
        missingBytes: reserveBytes - this.#heldBytes,
      };
    } catch {
      // What is wrong with the medium the commit tells.
      return roomUnknown;
    }
  }

  /** What a commit of all that was admitted may take: it copies no page twice, however many keys of one it changes. */
  #claimedBytes(): number {
    if (this.#claims.size === 0) return 0;
    const recordsBytes = statSync(join(this.#directory, "meta")).size;
    return this.#growthBytes + Math.min(this.#changes * BYTES_PER_CHANGE, recordsBytes);
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

/** What lmdb needs at most for new records: leaves may be half empty, and the last page of a long value almost. */
function growthBytes({ size, putBytes }: Claim): number {
  return 2 * (putBytes + size * NODE_BYTES);
}
