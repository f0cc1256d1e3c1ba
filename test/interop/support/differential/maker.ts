import type { ScriptModel } from "./script-model.js";
import type { Step } from "./step.js";

/** Makes a step for a client, or none when it has nothing to work on. */
export type Maker = (model: ScriptModel, client: 0 | 1) => Omit<Step, "client" | "owner"> | undefined;

/** Makers with how often each comes. */
export type Makers = readonly (readonly [number, Maker])[];
