import { ClientError } from "./client-error.js";

type Reader<T> = (result: IteratorResult<T, undefined>) => void;

/**
 * Events for one reader, in order, kept until it comes for them, so many at most: a reader that falls further
 * behind gets those that are kept and then `CLIENT_EVENTS_LOST`, since events left out are worse than none.
 */
export class EventQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #eventsMax: number;
  readonly #onEnd: (queue: EventQueue<T>) => void;
  readonly #events: T[] = [];
  readonly #readers: Reader<T>[] = [];
  #error: ClientError | undefined;
  #isEnded = false;

  /** @param onEnd called once, when nothing is to be pushed any more. */
  constructor(eventsMax: number, onEnd: (queue: EventQueue<T>) => void) {
    this.#eventsMax = eventsMax;
    this.#onEnd = onEnd;
  }

  /** Adds an event. */
  push(event: T): void {
    if (this.#isEnded) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: event });
    else if (this.#events.length < this.#eventsMax) this.#events.push(event);
    else {
      this.#error = new ClientError("CLIENT_EVENTS_LOST", `more than ${this.#eventsMax} events wait`);
      this.end();
    }
  }

  /** No more events: readers get those that are kept, then the end. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#onEnd(this);
  }

  /** The next event, once there is one. */
  next(): Promise<IteratorResult<T, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Ends the reading; what is kept is dropped. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#events.length = 0;
    this.#error = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
