import type { Outcome } from "./outcome.js";
import type { Step } from "./step.js";

/** A difference that is allowed. */
export interface Deviation {
  /** As docs/deviations.md lists it, with the reason. */
  readonly name: string;
  /** Whether this is what happened; `isGone`: of an object that has no name, or never had one. */
  readonly explains: (step: Step, ours: Outcome, stock: Outcome, isGone: boolean) => boolean;
  /** After it the two bricks hold different things, so that the script ends there. */
  readonly parts?: true;
}
