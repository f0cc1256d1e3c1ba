import { z } from "zod";

const count = z.coerce.number().int();

/** Options of the command. */
export const simulationOptions = z.strictObject({
  /** One seed, once in each mode. */
  seed: count.min(0).optional(),
  /** The first of many seeds. */
  from: count.min(0).default(1),
  /** How many seeds; by default as many as there is time for. */
  seeds: count.min(1).optional(),
  /** Time to explore, in minutes, where no number of seeds is given. */
  minutes: z.coerce.number().positive().default(1),
  mode: z.enum(["safety", "liveness", "both"]).default("both"),
  /** Parts of the scenario to leave out, by name, separated by commas. */
  without: z.string().default(""),
  /** Operations of each client at the most. */
  "operations-max": count.min(1).optional(),
  /** Prints all that happens. */
  trace: z.boolean().default(false),
  /** File that the results are written to, as JSON; see `results.ts`. */
  results: z.string().min(1).optional(),
  /** Prints the results as JSON in place of what else is said at the end. */
  json: z.boolean().default(false),
  /** Fails when a mark was not reached. */
  "need-marks": z.boolean().default(false),
  /** Does not shrink what fails. */
  quick: z.boolean().default(false),
  /** Failing seeds after which it stops. */
  "failures-max": count.min(1).default(3),
});
export type SimulationOptions = z.output<typeof simulationOptions>;
