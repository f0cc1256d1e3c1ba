import { z } from "zod";

/** Options of `pnpm fuzz`. */
export const fuzzOptions = z.strictObject({
  /** How long all targets together, each its share. */
  minutes: z.coerce.number().min(0.01).max(10_000).default(1),
  /** Part of the names of the targets to search; all by default. */
  target: z.string().default(""),
  /** The first seed; each target has its own from it. */
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).default(1),
  /** Keep what reaches new code in the corpus, too; what fails is always kept. */
  "keep-reached": z.boolean().default(false),
  /** Write the figures to docs/results/fuzz.json. */
  write: z.boolean().default(false),
});
