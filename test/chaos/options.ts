import { z } from "zod";

const count = z.coerce.number().int();

/** Options of the command. */
export const chaosOptions = z.strictObject({
  /** How long rounds are begun, in minutes, where no number of rounds is given. */
  minutes: z.coerce.number().positive().default(4.5),
  /** Seed of the first round. */
  from: count.min(0).default(0),
  /** How many rounds; by default as many as there is time for. */
  rounds: count.min(1).optional(),
  /** One round. */
  seed: count.min(0).optional(),
  /** Rounds at once. */
  stages: count.min(1).max(16).default(2),
  /** Rounds that may fail before it ends. */
  failuresMax: count.min(1).default(3),
  protection: z.enum(["lease", "none"]).default("lease"),
  /** A rule of `test/mutation`, which the programs are built without. */
  mutant: z.string().optional(),
  /** File for the report. */
  results: z.string().optional(),
  /** Where rounds keep what they need. */
  dir: z.string().optional(),
  json: z.boolean().default(false),
});
export type ChaosOptions = z.output<typeof chaosOptions>;
