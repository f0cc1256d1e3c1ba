import { isUnanswered } from "./fop-failure.js";
import type { Scheduler } from "./ports.js";
import { sleepUntil } from "./throttle-driver.js";

/** How often and how patiently a step is repeated. */
export interface StepPatience {
  readonly scheduler: Scheduler;
  readonly stepTriesMax: number;
  readonly stepPauseMs: number;
}

/**
 * Repeats a step that may be repeated until the brick answers, in the affirmative or not: `work` must be
 * such that doing it twice is doing it once. Rejects with the answer, or with the last lack of one.
 */
export async function untilAnswered<T>(work: () => Promise<T>, patience: StepPatience): Promise<T> {
  const { scheduler, stepTriesMax, stepPauseMs } = patience;
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isUnanswered(error) || tries >= stepTriesMax) throw error;
      await sleepUntil(scheduler, scheduler.nowMs() + stepPauseMs * 2 ** Math.min(10, tries - 1));
    }
  }
}
