import type { Scheduler } from "./ports.js";

/** Longest delay that `setTimeout` takes; a longer one would fire at once. */
const TIMEOUT_MAX_MS = 0x7fff_ffff;

/** The real clock: `performance.now` and `setTimeout`. An instant too far off is reached in several steps. */
export const nodeScheduler: Scheduler = {
  nowMs: () => performance.now(),
  at: (atMs, run) => {
    let timer: ReturnType<typeof setTimeout>;
    const arm = () => {
      const leftMs = atMs - performance.now();
      // Timers count whole milliseconds and may fire a little early: rounding up spares a second round.
      const delayMs = Math.min(Math.max(Math.ceil(leftMs), 0), TIMEOUT_MAX_MS);
      timer = setTimeout(leftMs > TIMEOUT_MAX_MS ? arm : run, delayMs);
    };
    arm();
    return () => clearTimeout(timer);
  },
};
