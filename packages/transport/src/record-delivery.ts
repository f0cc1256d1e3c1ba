import type { RecordHandler } from "./connection.js";
import { isTransportError, TransportError } from "./transport-error.js";

/** What a {@link RecordDelivery} asks of its connection. */
export interface DeliveryHooks {
  /** The next whole record, `undefined` when none is there now; may throw a {@link TransportError}. */
  next(): Uint8Array | undefined;
  /** The handler is free and every record at hand was given to it: reading may go on. */
  drained(): void;
  /**
   * The peer ended its direction and everything before was handled. Called once. What it throws, which
   * can only be from the user's `onEnd`, comes back to `failed`.
   */
  ended(): void;
  /** The records are not to be trusted, or the handler failed. Called once; nothing follows. */
  failed(error: TransportError): void;
}

/**
 * Gives records to a handler in order, one at a time, waiting for each promise that it returns.
 * Transports share it so that back-pressure, end and failing handlers mean the same everywhere.
 */
export class RecordDelivery {
  readonly #hooks: DeliveryHooks;
  #handler: RecordHandler | undefined;
  #isBusy = false;
  #peerEnded = false;
  #isDone = false;

  constructor(hooks: DeliveryHooks) {
    this.#hooks = hooks;
  }

  /** Whether a handler was given. */
  get isStarted(): boolean {
    return this.#handler !== undefined;
  }

  /** Whether records must wait: no handler yet, or its promise is pending. */
  get isBlocked(): boolean {
    return this.#handler === undefined || this.#isBusy;
  }

  /** Whether nothing will be delivered any more. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Gives the handler, once, and delivers what is there. */
  start(handler: RecordHandler): void {
    if (this.#handler !== undefined) throw new Error("receive() is called once");
    this.#handler = handler;
    this.pump();
  }

  /** Delivers what is there, as far as the handler allows. To be called when records may have come. */
  pump(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#isBusy) return;
    // Also keeps a handler that makes records come, by sending to itself, from nesting deliveries.
    this.#isBusy = true;
    while (!this.#isDone) {
      const record = this.#next();
      if (record === undefined) break;
      const pending = this.#handle(handler, record);
      if (pending === undefined) continue;
      void pending.then(
        () => {
          this.#isBusy = false;
          this.pump();
        },
        (error: unknown) => this.#fail(handlerFailed(error)),
      );
      return;
    }
    this.#isBusy = false;
    if (this.#isDone) return;
    if (this.#peerEnded) {
      this.#isDone = true;
      this.#end();
    } else {
      this.#hooks.drained();
    }
  }

  /** Says that the peer ended its direction: no record will come after those at hand. */
  end(): void {
    this.#peerEnded = true;
    this.pump();
  }

  /** Delivers nothing any more. */
  stop(): void {
    this.#isDone = true;
  }

  #next(): Uint8Array | undefined {
    try {
      return this.#hooks.next();
    } catch (error) {
      if (!isTransportError(error)) throw error;
      this.#fail(error);
      return undefined;
    }
  }

  #handle(handler: RecordHandler, record: Uint8Array): Promise<void> | undefined {
    try {
      const result: unknown = handler(record);
      // A handler that is typed `void` may still return a value; only a promise means anything.
      return isPromise(result) ? result : undefined;
    } catch (error) {
      this.#fail(handlerFailed(error));
      return undefined;
    }
  }

  #end(): void {
    try {
      this.#hooks.ended();
    } catch (error) {
      this.#hooks.failed(handlerFailed(error));
    }
  }

  #fail(error: TransportError): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#hooks.failed(error);
  }
}

/** The error of a connection whose handler threw or rejected with `cause`. */
export function handlerFailed(cause: unknown): TransportError {
  return new TransportError("TRANSPORT_HANDLER_FAILED", "the handler of a record failed", { cause });
}

function isPromise(value: unknown): value is Promise<void> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<Promise<void>>).then === "function"
  );
}
