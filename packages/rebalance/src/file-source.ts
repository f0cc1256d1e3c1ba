import type { AcquireRequest, Grant, Lease, ReadResult, Recall, Source } from "@brickshift/transaction";
import { ANONYMOUS_FD, type Dict, Errno, type Gfid, type Iatt, SeekWhat, xdataOf } from "@brickshift/wire";
import type { GrantedLease } from "./brick-leases.js";
import { isErrno, isGone, toPortError } from "./fop-failure.js";
import { isSparse } from "./inode-state.js";
import { SourceGone } from "./source-errors.js";
import type { Throttle } from "./throttle-driver.js";
import { acquireUnlocked, type UnlockedLeaseWorld } from "./unlocked-lease.js";

/** What a {@link FileSource} needs of its run. */
export interface FileSourceWorld extends UnlockedLeaseWorld {
  readonly throttle: Throttle;
  /** Largest file whose content the brick is asked to tell with an exclusive lease, in bytes; `0` for none. */
  readonly wholeBytesMax: number;
}

/** One file on the brick that it leaves. */
export class FileSource implements Source {
  readonly gfid: Gfid;
  /** The lease granted last. */
  lease: GrantedLease | undefined;
  /** Whether a lease was ever asked back: somebody modifies the file while it is copied. */
  wasRecalled = false;
  readonly #world: FileSourceWorld;
  /** Called with each exclusive lease: what is to be read under it besides data can be asked for at once. */
  readonly #onExclusive: (lease: GrantedLease) => void;
  #isHeld = false;
  #xdata: Dict | null = null;
  #stat: { readonly leaseId: string; readonly stat: Iatt } | undefined;

  constructor(gfid: Gfid, world: FileSourceWorld, onExclusive: (lease: GrantedLease) => void) {
    this.gfid = gfid;
    this.#world = world;
    this.#onExclusive = onExclusive;
  }

  async acquire({ mode, dirtySince }: AcquireRequest, signal: AbortSignal): Promise<Grant> {
    const { leases, throttle, wholeBytesMax } = this.#world;
    // Before the lease, never under it: nobody shall wait for our bandwidth.
    await throttle.pass(signal);
    this.#forgetLost();
    const wish = { gfid: this.gfid, mode, ...(dirtySince !== undefined && { dirtySince }) };
    const lease =
      mode === "exclusive"
        ? await acquireUnlocked(
            this.#world,
            { tell: "attributes", ...(wholeBytesMax > 0 && { contentBytesMax: wholeBytesMax }), ...wish },
            signal,
          )
        : await leases.acquire(wish, signal);
    this.lease = lease;
    this.#isHeld = true;
    this.#xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
    if (lease.whole !== undefined) this.#stat = { leaseId: lease.leaseId, stat: lease.whole.stat };
    if (mode === "exclusive") this.#onExclusive(lease);
    if (dirtySince === undefined) return lease;
    // Bricks tell what is dirty up to the end of the file; what the file lost is told by its size.
    try {
      const { size } = await this.stat(lease);
      return { ...lease, sizeBytes: size };
    } catch (error) {
      await this.unlock(lease).catch(() => {});
      throw error;
    }
  }

  /** Reads are not called off: whoever waits for their end waits for the writes too, and a read takes no longer. */
  async read(offset: number, length: number, lease: Lease): Promise<ReadResult> {
    this.#world.throttle.spend(length);
    const { payload, stat, release } =
      this.#toldWith(lease, offset, length) ?? (await this.#read(offset, length));
    this.#stat = { leaseId: lease.leaseId, stat };
    const sizeBytes = stat.size;
    const eof = offset + payload.length >= sizeBytes;
    if (payload.length === 0 || !isZeros(payload)) {
      return { type: "bytes", bytes: payload, eof, sizeBytes, release };
    }
    const end = offset + payload.length;
    const lengthBytes = (isSparse(stat) && !eof ? await this.#nextData(end, sizeBytes) : end) - offset;
    return { type: "hole", lengthBytes, eof: offset + lengthBytes >= sizeBytes, sizeBytes, release };
  }

  #read(offset: number, size: number) {
    const { brick, fopTimeoutMs } = this.#world;
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, size, xdata: this.#xdata };
    return brick.fops.read(request, { timeoutMs: fopTimeoutMs }).catch(rethrow);
  }

  /** What was told with the lease need not be read under it. */
  #toldWith({ leaseId }: Lease, offset: number, length: number) {
    const { lease } = this;
    if (lease?.leaseId !== leaseId || lease.whole === undefined) return undefined;
    const { content, stat } = lease.whole;
    return { payload: content.subarray(offset, offset + length), stat, release: () => {} };
  }

  async unlock(lease: Lease): Promise<void> {
    this.#isHeld = false;
    await this.#world.leases.unlock(this.gfid, lease);
  }

  /** Gives the lease back under which the file was committed, now that the destination shows it. Rejects as `unlock`. */
  async unlockPublished(lease: Lease): Promise<void> {
    this.#isHeld = false;
    await this.#world.leases.unlock(this.gfid, lease, true);
  }

  onRecall(listener: (recall: Recall) => void): () => void {
    return this.#world.leases.onRecall(this.gfid, (revokedInMs) => {
      this.wasRecalled = true;
      listener(revokedInMs === undefined ? {} : { revokedInMs });
    });
  }

  /** The file is done with, whatever became of it. */
  close(): void {
    this.#forgetLost();
  }

  /** A lost connection shows in the next fop, which is refused as revoked. */
  onLeaseLost(): () => void {
    return () => {};
  }

  /** A lease that was lost is not given back: it only counts no more. */
  #forgetLost(): void {
    if (this.#isHeld) this.#world.leases.forget();
    this.#isHeld = false;
  }

  /** Attributes under `lease`, those of the last read when there was one. */
  async stat(lease: Lease): Promise<Iatt> {
    if (this.#stat?.leaseId === lease.leaseId) return this.#stat.stat;
    const { brick, fopTimeoutMs } = this.#world;
    const xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
    const asked = brick.fops.stat({ gfid: this.gfid, xdata }, { timeoutMs: fopTimeoutMs });
    const { stat } = await asked.catch((error: unknown) => {
      throw isGone(error) ? new SourceGone({ cause: error }) : toPortError(error);
    });
    this.#stat = { leaseId: lease.leaseId, stat };
    return stat;
  }

  /** Where the next data is at or after `offset`; the end of the file when there is none. */
  async #nextData(offset: number, sizeBytes: number): Promise<number> {
    const { brick, fopTimeoutMs } = this.#world;
    const request = { gfid: this.gfid, fd: ANONYMOUS_FD, offset, what: SeekWhat.data, xdata: this.#xdata };
    try {
      const reply = await brick.fops.seek(request, { timeoutMs: fopTimeoutMs });
      return Math.min(sizeBytes, reply.offset);
    } catch (error) {
      if (isErrno(error, Errno.ENXIO)) return sizeBytes;
      // It was a shortcut only: without it the zeros are read.
      if (isErrno(error, Errno.EINVAL) || isErrno(error, Errno.EOPNOTSUPP)) return offset;
      throw toPortError(error);
    }
  }
}

function rethrow(error: unknown): never {
  throw toPortError(error);
}

const zeros = Buffer.alloc(131_072);

/** Whether there is nothing but zeros. */
export function isZeros(bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.length; offset += zeros.length) {
    const length = Math.min(zeros.length, bytes.length - offset);
    if (zeros.compare(bytes, offset, offset + length, 0, length) !== 0) return false;
  }
  return true;
}
