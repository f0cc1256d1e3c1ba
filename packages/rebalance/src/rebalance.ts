import { createCopier } from "@brickshift/transaction";
import { type RebalanceOptions, rebalanceOptions, type RebalanceOptionsInput } from "./options.js";
import type { World } from "./ports.js";
import { Run, type RunRequest } from "./run.js";
import type { RebalanceReport } from "./run-event.js";
import { verify, type VerifyReport, type VerifyRequest } from "./verify.js";

/** Moves files between two bricks. */
export interface Rebalance {
  readonly options: RebalanceOptions;

  /**
   * Moves what `request` names; files that cannot be moved are in the report, whole where they were.
   *
   * Rejects with `RebalanceError` before anything is moved: `REBALANCE_NOT_BRICKSHIFT`, `REBALANCE_SAME_BRICK`,
   * `REBALANCE_PATH_NOT_FOUND`, `REBALANCE_JOURNAL_…`; later with what the client rejects with when the source does
   * not answer the crawl, or with what the journal rejects with. Then, too, leases are given back.
   */
  run(request: RunRequest): Promise<RebalanceReport>;

  /** Reads both bricks and tells whether every file is whole on exactly one of them. Rejects as {@link run} does. */
  verify(request: VerifyRequest): Promise<VerifyReport>;
}

/**
 * Makes a rebalance.
 * @throws ZodError when `options` do not fit {@link rebalanceOptions}.
 */
export function createRebalance(options: RebalanceOptionsInput, world: World): Rebalance {
  const parsed = rebalanceOptions.parse(options);
  // A throttle is spent while a lease is held: short leases keep what is spent at once small.
  const copy = parsed.bytesPerSecond === 0 ? parsed.copy : { ...parsed.copy, leaseWindowsMax: 1 };
  const copier = createCopier(copy, world);
  return {
    options: parsed,
    run: async (request) => new Run(parsed, world, copier, request).run(),
    verify: (request) => verify(parsed, world, request),
  };
}
