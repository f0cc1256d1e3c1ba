import type { Epoch, LeaseId } from "@brickshift/wire";
import type { AcquireRequest, Destination, Grant, Lease, Recall, Source } from "../src/index.js";

/** A file in memory with leases that nobody contests, unless a test does. */
export class MemoryFile implements Source, Destination {
  bytes: Uint8Array;
  readonly log: string[] = [];
  released = 0;
  answered = 0;
  recall: ((recall: Recall) => void) | undefined;
  failNextUnlock: Error | undefined;
  beforeRead: () => void = () => {};
  #epoch = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Grant> {
    if (signal.aborted) return Promise.reject(new Error("aborted"));
    this.#epoch += 1;
    this.log.push(`acquire ${request.mode}`);
    const dirty = request.dirtySince === undefined ? undefined : [];
    return Promise.resolve({
      leaseId: `l${this.#epoch}` as LeaseId,
      epoch: BigInt(this.#epoch) as Epoch,
      dirty,
    });
  }

  async read(offset: number, length: number) {
    this.beforeRead();
    await Promise.resolve();
    this.answered += 1;
    const bytes = this.bytes.slice(offset, offset + length);
    const release = () => {
      this.released += 1;
      // Whoever looks at the bytes after giving them back shall see it.
      bytes.fill(255);
    };
    const eof = offset + length >= this.bytes.length;
    return { type: "bytes", bytes, eof, sizeBytes: this.bytes.length, release } as const;
  }

  unlock(lease: Lease): Promise<void> {
    this.log.push(`unlock ${lease.leaseId}`);
    const error = this.failNextUnlock;
    this.failNextUnlock = undefined;
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }

  onRecall(listener: (recall: Recall) => void): () => void {
    this.recall = listener;
    return () => (this.recall = undefined);
  }

  onLeaseLost(): () => void {
    return () => {};
  }

  establish(fence: Epoch): Promise<void> {
    this.log.push(`establish ${fence}`);
    return Promise.resolve();
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await Promise.resolve();
    if (this.bytes.length < offset + bytes.length) {
      const longer = new Uint8Array(offset + bytes.length);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes.set(bytes, offset);
  }

  zero(): Promise<void> {
    return Promise.resolve();
  }
}
