import { z } from "zod";

/** How a brick looks after its store. */
export const healthCheckOptions = z.strictObject({
  /** Time between two checks, in ms; 0: the store is never checked. */
  intervalMs: z.int().min(0).max(3_600_000).default(30_000),
  /** Time in which a check has to end, in ms; a store that takes longer is taken for failed. */
  timeoutMs: z.int().min(1).max(3_600_000).default(20_000),
  /** Time between two checks while the store fails, in ms: how soon it is found to be back. */
  retryMs: z.int().min(1).max(3_600_000).default(3_000),
});
export type HealthCheckOptions = Readonly<z.output<typeof healthCheckOptions>>;
