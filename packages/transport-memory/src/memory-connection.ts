import {
  abortError,
  type Connection,
  type PeerInfo,
  type QueuedRecord,
  RecordDelivery,
  type RecordHandler,
  SendQueue,
  TransportError,
} from "@brickshift/transport";
import type { MemoryTransportOptions } from "./options.js";
import type { Defer } from "./ports.js";

/**
 * One end of an in-process connection. A record goes from the send queue of one end to the inbox of
 * the other in a deferred step, as far as there is room, and from there to the handler.
 */
export class MemoryConnection implements Connection {
  readonly peer: PeerInfo;
  readonly closed: Promise<TransportError | undefined>;
  readonly #settleClosed: (reason: TransportError | undefined) => void;
  readonly #options: MemoryTransportOptions;
  readonly #defer: Defer;
  readonly #queue: SendQueue;
  readonly #delivery: RecordDelivery;
  #other: MemoryConnection | undefined;
  #onEnd: (() => void) | undefined;

  readonly #inbox: Uint8Array[] = [];
  #inboxBytes = 0;

  /** Steps that ran and found no room at the other end. */
  #dueRecords = 0;
  #isEndDue = false;
  #isClosing = false;
  #hasSentEnd = false;
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(peer: PeerInfo, options: MemoryTransportOptions, defer: Defer) {
    this.peer = peer;
    this.#options = options;
    this.#defer = defer;
    let settle: (reason: TransportError | undefined) => void = () => {};
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settleClosed = settle;
    this.#queue = new SendQueue(options, () => {
      this.#defer(() => {
        this.#dueRecords += 1;
        this.#transfer();
      });
    });
    this.#delivery = new RecordDelivery({
      next: () => this.#takeFromInbox(),
      drained: () => {},
      ended: () => this.#peerHasEnded(),
      failed: (error) => this.abort(error),
    });
  }

  /** Joins two ends. */
  static join(one: MemoryConnection, other: MemoryConnection): void {
    one.#other = other;
    other.#other = one;
  }

  send(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#queue.add(chunks);
  }

  receive(handler: RecordHandler, onEnd?: () => void): void {
    this.#onEnd = onEnd;
    this.#delivery.start(handler);
  }

  close(): Promise<void> {
    if (!this.#isClosing && !this.#isClosed) {
      this.#isClosing = true;
      this.#queue.end("close() was called");
      this.#defer(() => {
        this.#isEndDue = true;
        this.#transfer();
      });
      if (!this.#delivery.isStarted) this.#delivery.start(() => {});
    }
    return this.closed.then(() => {});
  }

  abort(reason?: Error): void {
    if (this.#isClosed) return;
    this.#finish(abortError(reason));
    const other = this.#other;
    if (other === undefined) return;
    this.#defer(() => other.#finish(new TransportError("TRANSPORT_LOST", "the peer aborted")));
  }

  /** Moves what is due to the other end, as far as it has room, and the end after all records. */
  #transfer(): void {
    const other = this.#other;
    if (other === undefined || other.#isClosed || this.#isClosed) return;
    let moved = 0;
    while (this.#dueRecords > 0 && other.#inboxBytes < other.#options.receiveBufferBytesMax) {
      const queued = this.#queue.take();
      if (queued === undefined) break;
      this.#dueRecords -= 1;
      moved += 1;
      if (!other.#arrive(queued)) return;
      this.#queue.settle(1);
    }
    if (moved > 0) other.#delivery.pump();
    if (!this.#isEndDue || this.#hasSentEnd || !this.#queue.isEmpty || this.#isClosed) return;
    this.#hasSentEnd = true;
    other.#delivery.end();
    this.#finishWhenEnded();
  }

  #arrive({ chunks, recordBytes }: QueuedRecord): boolean {
    if (recordBytes > this.#options.recordBytesMax) {
      const limit = `the limit is ${this.#options.recordBytesMax}`;
      this.abort(
        new TransportError("TRANSPORT_RECORD_TOO_LARGE", `the peer sent ${recordBytes} bytes, ${limit}`),
      );
      return false;
    }
    const record = new Uint8Array(recordBytes);
    let offsetBytes = 0;
    for (const chunk of chunks) {
      record.set(chunk, offsetBytes);
      offsetBytes += chunk.byteLength;
    }
    this.#inbox.push(record);
    this.#inboxBytes += Math.max(1, recordBytes);
    return true;
  }

  #takeFromInbox(): Uint8Array | undefined {
    const record = this.#inbox.shift();
    if (record === undefined) return undefined;
    this.#inboxBytes -= Math.max(1, record.byteLength);
    // Room at this end: records that found none may come now, in a step of their own.
    const other = this.#other;
    if (other !== undefined && (other.#dueRecords > 0 || other.#isEndDue)) {
      this.#defer(() => other.#transfer());
    }
    return record;
  }

  #peerHasEnded(): void {
    this.#hasPeerEnded = true;
    if (this.#onEnd === undefined) void this.close();
    else this.#onEnd();
    this.#finishWhenEnded();
  }

  #finishWhenEnded(): void {
    if (this.#hasSentEnd && this.#hasPeerEnded) this.#finish(undefined);
  }

  #finish(reason: TransportError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    this.#delivery.stop();
    this.#queue.fail(reason);
    this.#settleClosed(reason);
  }
}
