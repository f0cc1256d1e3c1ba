import type { ClientEvent, RecallEvent } from "./client-event.js";
import { EventQueue } from "./event-queue.js";

/** Hands events to whoever listens: iterables and recall listeners. */
export class ClientEvents {
  readonly #eventsMax: number;
  readonly #queues = new Set<EventQueue<ClientEvent>>();
  readonly #recallQueues = new Set<EventQueue<RecallEvent>>();
  readonly #listeners = new Set<(recall: RecallEvent) => void>();
  #isEnded = false;

  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax;
  }

  events(): EventQueue<ClientEvent> {
    return this.#open(this.#queues);
  }

  recalls(): EventQueue<RecallEvent> {
    return this.#open(this.#recallQueues);
  }

  onRecall(listener: (recall: RecallEvent) => void): () => void {
    // A listener of its own for each registration: the same function may be registered twice.
    const own = (recall: RecallEvent) => listener(recall);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  publish(event: ClientEvent): void {
    if (event.type === "recall") {
      for (const listener of this.#listeners) listener(event);
      for (const queue of this.#recallQueues) queue.push(event);
    }
    for (const queue of this.#queues) queue.push(event);
  }

  end(): void {
    this.#isEnded = true;
    for (const queue of [...this.#queues, ...this.#recallQueues]) queue.end();
  }

  #open<T>(queues: Set<EventQueue<T>>): EventQueue<T> {
    const queue = new EventQueue<T>(this.#eventsMax, (ended) => queues.delete(ended));
    queues.add(queue);
    if (this.#isEnded) queue.end();
    return queue;
  }
}
