import type { Scheduler } from "@brickshift/rpc";
import type { HealthCheckOptions } from "./options.js";
import { type HealthEffect, StoreHealth } from "./store-health.js";

/** What is done for the health of a store. */
export interface HealthPort {
  /** Checks the store; rejects with what is wrong. */
  check(): Promise<void>;
  failed(error: unknown): void;
  well(): void;
}

/** Checks that go on by themselves. */
export interface HealthDriver {
  reconfigure(options: HealthCheckOptions): void;
  /** Ends them: nothing is told any more, not even by a check under way. */
  close(): void;
}

/** Gives a {@link StoreHealth} its time and its hands. */
export function driveHealth(
  options: HealthCheckOptions,
  scheduler: Scheduler,
  port: HealthPort,
): HealthDriver {
  const health = new StoreHealth(options, scheduler.nowMs());
  let disarm = () => {};
  let isClosed = false;

  function carryOut(effects: readonly HealthEffect[]): void {
    if (isClosed) return;
    for (const effect of effects) {
      if (effect.type === "check") check();
      else if (effect.type === "failed") port.failed(effect.error);
      else port.well();
    }
    disarm();
    disarm = () => {};
    const { deadlineMs } = health;
    if (deadlineMs === undefined) return;
    disarm = scheduler.at(deadlineMs, () => carryOut(health.tick(scheduler.nowMs())));
  }

  function check(): void {
    void port.check().then(
      () => carryOut(health.ended(scheduler.nowMs())),
      (error: unknown) => carryOut(health.ended(scheduler.nowMs(), error)),
    );
  }

  carryOut([]);
  return {
    reconfigure: (next) => carryOut(health.reconfigure(next, scheduler.nowMs())),
    close() {
      isClosed = true;
      disarm();
    },
  };
}
