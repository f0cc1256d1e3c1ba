import type { ClientUid, Gfid, LeaseId } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { LiveInode } from "./inode-table.js";

/** One open file or directory of one client. */
export interface OpenFd {
  readonly number: bigint;
  readonly gfid: Gfid;
  readonly kind: "file" | "directory";
  /** Open flags with their Linux numbers; see `OpenFlags`. */
  readonly flags: number;
  readonly client: ClientUid;
  /** The lease-id that the OPEN carried, if any. */
  readonly leaseId: LeaseId | undefined;
  /** Whether it was opened for writing. */
  readonly writes: boolean;
  /** The inode, in use as long as the fd is open. */
  readonly inode: LiveInode;
}

/** The fds of one client: the smallest free number is taken, files and directories share the numbers. */
export class FdTable {
  readonly #fdsMax: number;
  readonly #slots: (OpenFd | undefined)[] = [];
  #size = 0;
  /** No number below it is free. */
  #lowestFree = 0;

  constructor(fdsMax: number) {
    this.#fdsMax = fdsMax;
  }

  /** How many fds are open. */
  get size(): number {
    return this.#size;
  }

  /** Opens an fd. @throws {@link BrickError} `BRICK_FD_LIMIT`. */
  open(fd: Omit<OpenFd, "number">): OpenFd {
    this.checkRoom();
    let number = this.#lowestFree;
    while (this.#slots[number] !== undefined) number += 1;
    this.#lowestFree = number + 1;
    const opened: OpenFd = { ...fd, number: BigInt(number) };
    this.#slots[number] = opened;
    this.#size += 1;
    return opened;
  }

  /** @throws {@link BrickError} `BRICK_FD_LIMIT` when one fd more would be refused. */
  checkRoom(): void {
    if (this.#size < this.#fdsMax) return;
    throw new BrickError("BRICK_FD_LIMIT", `${this.#size} fds are open`);
  }

  /** The fd with this number. @throws {@link BrickError} `BRICK_FD_UNKNOWN`. */
  get(number: bigint): OpenFd {
    const fd = number < 0n ? undefined : this.#slots[Number(number)];
    if (fd === undefined) throw new BrickError("BRICK_FD_UNKNOWN", `fd ${number} is not open`);
    return fd;
  }

  /** Frees the number. @throws {@link BrickError} `BRICK_FD_UNKNOWN`. */
  release(number: bigint): OpenFd {
    const fd = this.get(number);
    const slot = Number(number);
    this.#slots[slot] = undefined;
    this.#size -= 1;
    this.#lowestFree = Math.min(this.#lowestFree, slot);
    return fd;
  }

  /** Frees every number and returns what was open. */
  releaseAll(): readonly OpenFd[] {
    const open = this.#slots.filter((fd) => fd !== undefined);
    this.#slots.length = 0;
    this.#size = 0;
    this.#lowestFree = 0;
    return open;
  }
}
