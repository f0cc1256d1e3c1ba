/** How far one direction of a connection is. */
export interface StallLook {
  /** Whether something is under way that only the peer can bring on. */
  readonly isWaiting: boolean;
  /** What came to its end so far; any change is progress. */
  readonly done: number;
}

/**
 * Tells a direction that does not come on from one that is slow, without a clock: it is looked at now and then. What is
 * under way has `timeoutMs` to come to its end, however many bytes of it trickle in.
 */
export class StallWatch {
  readonly #timeoutMs: number;
  #sinceMs: number | undefined;
  #done = 0;

  /** @param timeoutMs time for one thing under way, in ms. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Takes a look at `nowMs`; whether the direction is stalled. Looks further apart than the time tell it later. */
  look({ isWaiting, done }: StallLook, nowMs: number): boolean {
    if (!isWaiting) this.#sinceMs = undefined;
    else if (this.#sinceMs === undefined || done !== this.#done) this.#sinceMs = nowMs;
    this.#done = done;
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= this.#timeoutMs;
  }
}
