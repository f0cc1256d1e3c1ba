import type { BrickServerOptionsInput } from "@brickshift/brick";
import { parseRecallTimeout } from "./recall-timeout.js";
import { UsageError } from "./usage-error.js";

/** Options of `serve` that are options of its bricks, as commander gives them. */
export interface BrickOptionValues {
  readonly recallTimeout?: string;
  readonly cacheInvalidation?: string;
  readonly compat?: "gluster-10.3";
}

/** Longest time that stock clients are told to cache, in seconds. */
const CACHE_SECONDS_MAX = 600;

/** @throws {@link UsageError} for a value that is none. */
export function brickOptions(values: BrickOptionValues): BrickServerOptionsInput {
  const { recallTimeout = "60000", cacheInvalidation, compat } = values;
  return {
    ...(compat !== undefined && { compat }),
    leases: { recallTimeoutMs: parseRecallTimeout(recallTimeout) },
    ...(cacheInvalidation !== undefined && {
      cacheInvalidation: { timeoutMs: parseCacheSeconds(cacheInvalidation) * 1_000 },
    }),
  };
}

function parseCacheSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= CACHE_SECONDS_MAX) return seconds;
  throw new UsageError(`--cache-invalidation takes 1 to ${CACHE_SECONDS_MAX} seconds, not "${text}"`);
}
