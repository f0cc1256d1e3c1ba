import type { Socket } from "node:net";
import {
  abortError,
  type BufferPool,
  type Connection,
  type PeerInfo,
  RecordDelivery,
  type RecordHandler,
  SendQueue,
  TransportError,
} from "@brickshift/transport";
import { translateError } from "./errors.js";
import type { Intake } from "./intake.js";
import type { SocketTransportOptions } from "./options.js";
import { watchPeer } from "./peer-watch.js";
import { SocketWriter } from "./socket-writer.js";

/** What a {@link SocketConnection} is made of. */
export interface SocketParts {
  /** Connected, with `allowHalfOpen`. */
  readonly socket: Socket;
  /** Already joined to the socket, or to be joined right after. */
  readonly intake: Intake;
  readonly peer: PeerInfo;
  readonly limits: SocketTransportOptions;
  readonly pool: BufferPool;
  /** Whether the peer can be told of an abort by a reset: TCP only. */
  readonly canReset: boolean;
}

/** A connection over a socket of any kind. */
export class SocketConnection implements Connection {
  readonly peer: PeerInfo;
  readonly closed: Promise<TransportError | undefined>;
  readonly #settleClosed: (reason: TransportError | undefined) => void;
  readonly #socket: Socket;
  readonly #intake: Intake;
  readonly #pool: BufferPool;
  readonly #canReset: boolean;
  readonly #queue: SendQueue;
  readonly #writer: SocketWriter;
  readonly #delivery: RecordDelivery;
  readonly #unwatch: () => void;
  #onEnd: (() => void) | undefined;
  #received = 0;
  #error: TransportError | undefined;
  #isPaused = false;
  #isClosing = false;
  #isSocketClosed = false;
  #isClosed = false;

  constructor({ socket, intake, peer, limits, pool, canReset }: SocketParts) {
    this.peer = peer;
    this.#socket = socket;
    this.#intake = intake;
    this.#pool = pool;
    this.#canReset = canReset;
    let settle: (reason: TransportError | undefined) => void = () => {};
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settleClosed = settle;
    this.#queue = new SendQueue(limits, () => this.#writer.wake());
    this.#writer = new SocketWriter(socket, this.#queue);
    this.#delivery = new RecordDelivery({
      next: () => this.#next(),
      drained: () => this.#resume(),
      ended: () => this.#peerHasEnded(),
      failed: (error) => this.abort(error),
    });
    intake.arrived = () => this.#arrived();
    this.#unwatch = watchPeer(
      limits,
      () => ({
        receiving: { isWaiting: this.#isMidRecord, done: this.#received },
        sending: { isWaiting: !this.#queue.isEmpty, done: this.#queue.settled },
      }),
      (error) => this.abort(error),
    );
    // Bytes that came before now stopped the reading; `drained` starts it again.
    this.#isPaused = intake.assembler.hasInput;
    socket.on("error", (error) => {
      this.#error ??= translateError(error, "open");
    });
    socket.on("end", () => this.#delivery.end());
    socket.on("close", () => this.#socketHasClosed());
  }

  send(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#queue.add(chunks);
  }

  receive(handler: RecordHandler, onEnd?: () => void): void {
    this.#onEnd = onEnd;
    this.#delivery.start(handler);
  }

  recycle(record: Uint8Array): void {
    this.#pool.recycle(record);
  }

  close(): Promise<void> {
    if (!this.#isClosing && !this.#isClosed) {
      this.#isClosing = true;
      this.#queue.end("close() was called");
      this.#writer.end();
      if (!this.#delivery.isStarted) this.#delivery.start(() => {});
    }
    return this.closed.then(() => {});
  }

  abort(reason?: Error): void {
    this.#finish(abortError(reason));
  }

  /** Whether the peer has begun a record, and this end reads. */
  get #isMidRecord(): boolean {
    return this.#intake.assembler.isMidRecord && !this.#delivery.isBlocked;
  }

  #next(): Uint8Array | undefined {
    const record = this.#intake.assembler.next();
    if (record !== undefined) this.#received += 1;
    return record;
  }

  #arrived(): boolean {
    this.#delivery.pump();
    // Bytes that cannot be looked at stop the reading; without any there is room for a window.
    this.#isPaused = this.#delivery.isBlocked && this.#intake.assembler.hasInput;
    return !this.#isPaused && !this.#isClosed;
  }

  #resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #peerHasEnded(): void {
    if (this.#intake.assembler.isMidRecord) {
      this.abort(new TransportError("TRANSPORT_LOST", "the peer ended in the middle of a record"));
      return;
    }
    if (this.#onEnd === undefined) void this.close();
    else this.#onEnd();
    if (this.#isSocketClosed) this.#finish(undefined);
  }

  #socketHasClosed(): void {
    this.#isSocketClosed = true;
    if (this.#error !== undefined) {
      this.#finish(this.#error);
    } else if (!this.#socket.readableEnded) {
      this.#finish(new TransportError("TRANSPORT_LOST", "the socket closed without an end"));
    } else if (this.#delivery.isDone) {
      this.#finish(undefined);
    }
    // Otherwise both ends are through but the handler is not: it gets the rest first.
  }

  #finish(reason: TransportError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unwatch();
    this.#delivery.stop();
    if (!this.#isSocketClosed) this.#destroySocket();
    this.#queue.fail(reason);
    this.#settleClosed(reason);
  }

  #destroySocket(): void {
    const socket = this.#socket;
    // libuv refuses a reset, and Node then never closes, while the shutdown of an orderly end is under way.
    const isShuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    if (this.#canReset && !isShuttingDown) socket.resetAndDestroy();
    else socket.destroy();
  }
}
