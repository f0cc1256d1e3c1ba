import type { Epoch, LeaseId } from "@brickshift/wire";
import type { AcquireRequest, Destination, Grant, Lease, ReadResult, Recall, Source } from "../src/index.js";

/** A call of a port. */
export type Call = "acquire" | "read" | "unlock" | "establish" | "write" | "zero";

/** A file in memory with leases that nobody contests, unless a test does. */
export class MemoryFile implements Source, Destination {
  bytes: Uint8Array;
  readonly log: string[] = [];
  /** What the next call of a kind is rejected with. */
  readonly failNext = new Map<Call, unknown>();
  /** Answers of runs of zeros are holes, and reach as far as the zeros do. */
  isSparse = false;
  /** Bytes that an answer has beyond what was asked for. */
  surplusBytes = 0;
  released = 0;
  answered = 0;
  recall: ((recall: Recall) => void) | undefined;
  loseLease: ((leaseId: LeaseId, reason: string) => void) | undefined;
  beforeRead: (signal: AbortSignal) => void = () => {};
  /** What an acquire waits for; it is over when its signal aborts. */
  beforeGrant: () => Promise<void> = () => Promise.resolve();
  #epoch = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  async acquire(request: AcquireRequest, signal: AbortSignal): Promise<Grant> {
    this.log.push(`acquire ${request.mode}`);
    this.#failIfDue("acquire");
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(new Error("aborted"));
      signal.addEventListener("abort", abort);
      const forget = () => signal.removeEventListener("abort", abort);
      void this.beforeGrant().then(resolve, reject).finally(forget);
    });
    this.#epoch += 1;
    const dirty = request.dirtySince === undefined ? undefined : [];
    return { leaseId: `l${this.#epoch}` as LeaseId, epoch: BigInt(this.#epoch) as Epoch, dirty };
  }

  async read(offset: number, length: number, _: Lease, signal: AbortSignal): Promise<ReadResult> {
    this.beforeRead(signal);
    await Promise.resolve();
    this.#failIfDue("read");
    this.answered += 1;
    const bytes = this.bytes.slice(offset, offset + length + this.surplusBytes);
    const release = () => {
      this.released += 1;
      // Whoever looks at the bytes after giving them back shall see it.
      bytes.fill(255);
    };
    const sizeBytes = this.bytes.length;
    const zeros = this.isSparse ? this.#zerosAt(offset) : 0;
    if (zeros > 0) {
      return { type: "hole", lengthBytes: zeros, eof: offset + zeros >= sizeBytes, sizeBytes, release };
    }
    return { type: "bytes", bytes, eof: offset + length >= sizeBytes, sizeBytes, release };
  }

  async unlock(lease: Lease): Promise<void> {
    this.log.push(`unlock ${lease.leaseId}`);
    this.#failIfDue("unlock");
  }

  onRecall(listener: (recall: Recall) => void): () => void {
    this.recall = listener;
    return () => (this.recall = undefined);
  }

  onLeaseLost(listener: (leaseId: LeaseId, reason: string) => void): () => void {
    this.loseLease = listener;
    return () => (this.loseLease = undefined);
  }

  async establish(fence: Epoch): Promise<void> {
    this.log.push(`establish ${fence}`);
    this.#failIfDue("establish");
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await Promise.resolve();
    this.#failIfDue("write");
    if (this.bytes.length < offset + bytes.length) {
      const longer = new Uint8Array(offset + bytes.length);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes.set(bytes, offset);
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#failIfDue("zero");
    this.bytes.fill(0, offset, offset + length);
  }

  #failIfDue(call: Call): void {
    const error = this.failNext.get(call);
    this.failNext.delete(call);
    if (error !== undefined) throw error;
  }

  #zerosAt(offset: number): number {
    let end = offset;
    while (this.bytes[end] === 0) end += 1;
    return end - offset;
  }
}
