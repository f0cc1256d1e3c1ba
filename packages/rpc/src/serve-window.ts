import { invariant } from "@brickshift/wire";
import type { ServeLimits } from "./options.js";

export type ServeEvent =
  /** A call was read, of `bytes`. */
  | { readonly type: "arrive"; readonly bytes: number }
  /** A call that arrived is going to wait for somebody else: it is counted apart from now on. */
  | { readonly type: "block"; readonly bytes: number }
  /** A call has been answered, and the answer sent. */
  | { readonly type: "done"; readonly bytes: number; readonly isBlocking: boolean };

/** `pause`: read no more calls. `resume`: read on. `refuse`: too many calls block already; nothing changed. */
export type ServeEffect = "pause" | "resume" | "refuse";

const NOTHING: readonly ServeEffect[] = [];

/**
 * How much of a connection's calls is being served, and whether to read more. A call that waits for a
 * lock or a lease does not hold up the others, among them the one that would end its wait.
 *
 * Source: GlusterFS `server.outstanding-rpc-limit`, which exempts lock fops in the same spirit.
 */
export class ServeWindow {
  readonly #limits: ServeLimits;
  #calls = 0;
  #bytes = 0;
  #blockingCalls = 0;
  #blockingBytes = 0;
  #isPaused = false;

  constructor(limits: ServeLimits) {
    this.#limits = limits;
  }

  /** Calls being served, blocking ones left out. */
  get outstanding(): number {
    return this.#calls;
  }

  /** Calls that were marked as blocking and are not answered. */
  get blocking(): number {
    return this.#blockingCalls;
  }

  /** Advances by one event. */
  step(event: ServeEvent): readonly ServeEffect[] {
    switch (event.type) {
      case "arrive":
        this.#calls += 1;
        this.#bytes += event.bytes;
        return this.#paused();
      case "block": {
        const { blockingCallsMax, blockingBytesMax } = this.#limits;
        if (this.#blockingCalls >= blockingCallsMax) return ["refuse"];
        if (this.#blockingBytes + event.bytes > blockingBytesMax) return ["refuse"];
        this.#blockingCalls += 1;
        this.#blockingBytes += event.bytes;
        this.#calls -= 1;
        this.#bytes -= event.bytes;
        return this.#paused();
      }
      case "done":
        if (event.isBlocking) {
          this.#blockingCalls -= 1;
          this.#blockingBytes -= event.bytes;
        } else {
          this.#calls -= 1;
          this.#bytes -= event.bytes;
        }
        invariant(this.#calls >= 0 && this.#blockingCalls >= 0, "a call is done once");
        return this.#paused();
    }
  }

  #paused(): readonly ServeEffect[] {
    const { outstandingCallsMax, outstandingBytesMax } = this.#limits;
    const isFull = this.#calls >= outstandingCallsMax || this.#bytes >= outstandingBytesMax;
    if (isFull === this.#isPaused) return NOTHING;
    this.#isPaused = isFull;
    return [isFull ? "pause" : "resume"];
  }
}
