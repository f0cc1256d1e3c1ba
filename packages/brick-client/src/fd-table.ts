import type { Gfid } from "@brickshift/wire";
import { ClientError } from "./client-error.js";

/** A file descriptor that is open on the brick. */
export interface OpenFd {
  /** Its number here: never used twice, so that one of an earlier connection cannot be taken for a new one. */
  readonly fd: bigint;
  /** Its number on the brick. */
  readonly remoteFd: bigint;
  /** The inode that it is open on. */
  readonly gfid: Gfid;
  /** Whether it is a directory's. */
  readonly isDirectory: boolean;
}

/** The fds that a client has open, by numbers of its own. */
export class FdTable {
  readonly #fdsMax: number;
  readonly #open = new Map<bigint, OpenFd>();
  /** Those of which a release was sent; without an answer they may be open or not, until the connection ends. */
  readonly #releasing = new Set<bigint>();
  #last = 0n;
  /** Opens on their way; they will take a place each. */
  #opening = 0;

  constructor(fdsMax: number) {
    this.#fdsMax = fdsMax;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Takes a place for an fd that is being opened. @throws {@link ClientError} `CLIENT_FD_LIMIT`. */
  reserve(): void {
    if (this.#open.size + this.#opening >= this.#fdsMax) {
      throw new ClientError("CLIENT_FD_LIMIT", `${this.#open.size} fds are open`);
    }
    this.#opening += 1;
  }

  /** Gives the place back: the open has ended, one way or the other. */
  unreserve(): void {
    this.#opening -= 1;
  }

  /** Takes in an fd that was opened, and gives it a number. With `isLost` its connection is gone already. */
  add(remoteFd: bigint, gfid: Gfid, isDirectory: boolean, isLost: boolean): bigint {
    this.#last += 1n;
    const fd = this.#last;
    if (!isLost) this.#open.set(fd, { fd, remoteFd, gfid, isDirectory });
    return fd;
  }

  /**
   * The brick's number of an fd. Negative ones are none, but say "no fd" or "by gfid", and stay.
   * @throws {@link ClientError} `CLIENT_STALE_FD` for one that was or is being released, or was lost with its connection.
   */
  remote(fd: bigint): bigint {
    if (fd < 0n) return fd;
    const open = this.#open.get(fd);
    if (open === undefined || this.#releasing.has(fd)) {
      throw new ClientError("CLIENT_STALE_FD", `fd ${fd} is not open in this session`);
    }
    return open.remoteFd;
  }

  /** An fd is being released: from now on it is refused, but it still takes its place. */
  beginRelease(fd: bigint): void {
    if (this.#open.has(fd)) this.#releasing.add(fd);
  }

  /** How the release ended: the brick answered, or it was not sent and the fd is as before. */
  endRelease(fd: bigint, outcome: "answered" | "unsent"): void {
    this.#releasing.delete(fd);
    if (outcome === "answered") this.#open.delete(fd);
  }

  /** Forgets all fds, their connection is gone. */
  takeAll(): readonly OpenFd[] {
    const lost = [...this.#open.values()];
    this.#open.clear();
    this.#releasing.clear();
    return lost;
  }
}
