import type { ManualScheduler } from "@brickshift/testkit";

interface Timer {
  /** In the time of the process. */
  readonly atMs: number;
  readonly run: () => void;
  cancel: () => void;
}

/**
 * A process of the simulation: whatever runs in it is begun by one of its timers or by a record that comes to it. So it can be
 * stalled, paused, killed, and have its clock jump, as if an operating system did it.
 */
export class VirtualProcess {
  readonly name: string;
  readonly #clock: ManualScheduler;
  readonly #timers = new Set<Timer>();
  #aheadMs = 0;
  #asleepUntilMs = 0;
  #isDead = false;

  constructor(name: string, clock: ManualScheduler) {
    this.name = name;
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isAsleep(): boolean {
    return this.#clock.nowMs() < this.#asleepUntilMs;
  }

  /** Monotonic milliseconds, by its own clock. */
  nowMs(): number {
    return this.#clock.nowMs() + this.#aheadMs;
  }

  /** Runs `run` at `atMs` of its own clock, later when it sleeps then, never when it is dead; returns its cancel. */
  at(atMs: number, run: () => void): () => void {
    const timer: Timer = { atMs, run, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** Resolves after `ms` of its own clock; never when it is dead by then. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.nowMs() + ms, resolve);
    });
  }

  /** Runs what comes from outside, when it is awake. What is of a dead process runs at once: nothing of it is connected. */
  deliver(run: () => void): void {
    if (this.#isDead || !this.isAsleep) run();
    else this.#clock.at(this.#asleepUntilMs, () => this.deliver(run));
  }

  /** Lets nothing run in it for `ms`. */
  sleep(ms: number): void {
    this.#asleepUntilMs = Math.max(this.#asleepUntilMs, this.#clock.nowMs() + ms);
  }

  /** Wakes it up. What was to come meanwhile comes at its next instants. */
  wake(): void {
    this.#asleepUntilMs = 0;
    this.#armAgain();
  }

  /** Its monotonic clock jumps forward: that of a machine which was moved, or suspended. */
  jump(ms: number): void {
    this.#aheadMs += ms;
    this.#armAgain();
  }

  /** Nothing of it runs any more. */
  kill(): void {
    this.#isDead = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #armAgain(): void {
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    if (this.#isDead) return;
    timer.cancel = this.#clock.at(Math.max(timer.atMs - this.#aheadMs, this.#asleepUntilMs), () => {
      if (this.isAsleep) {
        this.#arm(timer);
        return;
      }
      this.#timers.delete(timer);
      timer.run();
    });
  }
}
