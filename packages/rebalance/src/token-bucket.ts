/**
 * Lets so many bytes pass per second. Whoever is let pass may spend more than there is: the debt delays the
 * next one, so that nobody has to know the size of what he is going to read.
 */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  #tokens: number;
  #atMs: number;

  /** @param bytesPerSecond also what the bucket holds at most; `0` lets everything pass. */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = bytesPerSecond;
    this.#atMs = nowMs;
  }

  spend(bytes: number): void {
    if (this.#bytesPerSecond > 0) this.#tokens -= bytes;
  }

  /** Instant from which on somebody may pass; not later than `nowMs` when at once. */
  readyAtMs(nowMs: number): number {
    if (this.#bytesPerSecond === 0) return nowMs;
    const gained = ((nowMs - this.#atMs) * this.#bytesPerSecond) / 1_000;
    this.#tokens = Math.min(this.#bytesPerSecond, this.#tokens + gained);
    this.#atMs = nowMs;
    return this.#tokens > 0 ? nowMs : nowMs + ((1 - this.#tokens) * 1_000) / this.#bytesPerSecond;
  }
}
