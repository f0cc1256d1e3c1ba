import type { Scheduler } from "@brickshift/rpc";
import type { BrickLog } from "./brick-event.js";

/**
 * A log that never throws. What `log` throws comes out of a timer of its own, apart from what is being logged, which
 * must come to its end: a recall sent, a fop answered, a connection let go.
 */
export function safeLog(log: BrickLog, scheduler: Scheduler): BrickLog {
  return (event) => {
    try {
      log(event);
    } catch (fault) {
      scheduler.at(scheduler.nowMs(), () => {
        throw fault;
      });
    }
  };
}
