import type { Socket } from "node:net";
import { RECORD_MARK_BYTES, type SendQueue, writeRecordMark } from "@brickshift/transport";

/** Room for the marks and small chunks of one batch, in bytes. */
const SCRATCH_BYTES = 64 * 1_024;
/** A chunk up to this size is copied next to its neighbours: cheaper than a place in the vector. */
const COPIED_BYTES_MAX = 2 * 1_024;
/** A batch is closed once it has this many bytes, so that senders hear soon what is through. */
const BATCH_BYTES = 1_024 * 1_024;
/** A batch is closed once it has this many pieces; the kernel takes 1024 in one call. */
const BATCH_PIECES = 512;

/**
 * Writes the records of a queue to a socket: what was sent within a tick, or while the last batch was
 * being written, goes out in one vectored write. Large chunks are never copied.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #queue: SendQueue;
  #scratch: Uint8Array | undefined;
  #isScheduled = false;
  #isWriting = false;
  #isEnding = false;

  constructor(socket: Socket, queue: SendQueue) {
    this.#socket = socket;
    this.#queue = queue;
  }

  /** To be called when the queue got a record. */
  wake(): void {
    if (this.#isScheduled || this.#isWriting) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  /** Ends the socket's writable side once the queue is empty. */
  end(): void {
    this.#isEnding = true;
    this.wake();
  }

  #write(): void {
    if (this.#isWriting || this.#socket.destroyed) return;
    const batch = this.#collect();
    if (batch.records === 0) {
      if (this.#isEnding) this.#socket.end();
      return;
    }
    this.#isWriting = true;
    const last = batch.pieces.pop();
    this.#socket.cork();
    for (const piece of batch.pieces) this.#socket.write(piece);
    this.#socket.write(last ?? "", (error) => {
      // The connection fails the queue. Node reports no error for writes that a destroyed socket drops.
      if ((error !== undefined && error !== null) || this.#socket.destroyed) return;
      this.#isWriting = false;
      this.#queue.settle(batch.records);
      if (this.#queue.hasWaiting || this.#isEnding) this.#write();
    });
    this.#socket.uncork();
  }

  #collect(): { readonly pieces: Uint8Array[]; readonly records: number } {
    const scratch = this.#scratchForBatch();
    const pieces: Uint8Array[] = [];
    let copiedFrom = 0;
    let copiedTo = 0;
    let batchBytes = 0;
    let records = 0;
    const flushCopied = () => {
      if (copiedTo > copiedFrom) pieces.push(scratch.subarray(copiedFrom, copiedTo));
      copiedFrom = copiedTo;
    };
    while (
      batchBytes < BATCH_BYTES &&
      pieces.length < BATCH_PIECES &&
      copiedTo + RECORD_MARK_BYTES <= SCRATCH_BYTES
    ) {
      const record = this.#queue.take();
      if (record === undefined) break;
      records += 1;
      batchBytes += record.recordBytes;
      writeRecordMark(scratch, copiedTo, record.recordBytes);
      copiedTo += RECORD_MARK_BYTES;
      for (const chunk of record.chunks) {
        const bytes = chunk.byteLength;
        if (bytes <= COPIED_BYTES_MAX && copiedTo + bytes <= SCRATCH_BYTES) {
          scratch.set(chunk, copiedTo);
          copiedTo += bytes;
        } else {
          flushCopied();
          pieces.push(chunk);
        }
      }
    }
    flushCopied();
    return { pieces, records };
  }

  /** One batch is on its way at a time, so the scratch of the last one is free again. */
  #scratchForBatch(): Uint8Array {
    this.#scratch ??= new Uint8Array(SCRATCH_BYTES);
    return this.#scratch;
  }
}
