import { Errno, type Gfid, LkCmd, LockType } from "@brickshift/wire";
import { isErrno, isGone, toPortError } from "./fop-failure.js";
import type { BrickPort } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { SourceGone } from "./source-errors.js";

/** The domain in which Gluster's own rebalance locks a file that it moves, so that it and we exclude each other. */
const DOMAIN = "dht.file.migrate";

/**
 * The lock of a file while it is copied under more than one lease.
 *
 * A migration target can be taken over by any runner with a newer lease, which empties it. Between two leases
 * of one runner nothing else would keep another out, and the first would then go on as if its data were
 * there. So: who copies under several leases holds this lock from before the first to the last, over one
 * connection; and who takes a target over holds it too.
 */
export class MigrationLock {
  readonly #brick: BrickPort;
  readonly #gfid: Gfid;
  readonly #fopTimeoutMs: number;
  readonly #owner: Uint8Array;
  #session: number | undefined;

  /** @param owner 8 random bytes: two runs over one connection exclude each other too. */
  constructor(brick: BrickPort, gfid: Gfid, fopTimeoutMs: number, owner: Uint8Array) {
    this.#brick = brick;
    this.#gfid = gfid;
    this.#fopTimeoutMs = fopTimeoutMs;
    this.#owner = owner;
  }

  /** Whether it was taken, and not given back. */
  get isTaken(): boolean {
    return this.#session !== undefined;
  }

  /** Whether it is held over the connection `session`, without a break since it was taken. */
  isHeldOver(session: number): boolean {
    return this.#session === session;
  }

  /** Takes it, or rejects with `REBALANCE_OTHER_RUNNER`; other rejections are those of a port of a copy. */
  async take(): Promise<void> {
    const { session } = this.#brick;
    if (this.#session === session) return;
    try {
      await this.#send(LockType.write);
    } catch (error) {
      if (isGone(error)) throw new SourceGone({ cause: error });
      if (!isErrno(error, Errno.EAGAIN)) throw toPortError(error);
      const message = `another process is moving ${this.#gfid}; wait for it, or end it`;
      throw new RebalanceError("REBALANCE_OTHER_RUNNER", message, { cause: error });
    }
    // Taken over a later connection than thought it is not known to be held: the next look finds that out.
    this.#session = session;
  }

  /** Gives it back if it is held. Never rejects: without an answer the end of the connection does it. */
  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined || session !== this.#brick.session) return;
    await this.#send(LockType.unlock).catch(() => {});
  }

  async #send(type: number): Promise<void> {
    const flock = { type, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
    const request = { gfid: this.#gfid, cmd: LkCmd.setlk, type, flock, volume: DOMAIN };
    // The brick knows an owner by the header of the call, not by what the lock says.
    const auth = { lkOwner: this.#owner };
    await this.#brick.fops.inodelk(request, { timeoutMs: this.#fopTimeoutMs, auth });
  }
}
