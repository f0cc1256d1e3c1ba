/**
 * Moves files and trees between two bricks while clients keep writing them: crawl, copy under leases, flip,
 * journal, recovery, verification, report.
 *
 * @packageDocumentation
 */
export { createRebalance, type Rebalance } from "./rebalance.js";
export type { RunRequest } from "./run.js";
export type { RebalanceReport, RunEvent } from "./run-event.js";
export type { RunCounts } from "./run-tally.js";
export type { Outcome, SkipReason } from "./outcome.js";
export type { VerifyFinding, VerifyReport, VerifyRequest } from "./verify.js";
export { isRebalanceError, RebalanceError, type RebalanceErrorCode } from "./rebalance-error.js";
export { type RebalanceOptions, rebalanceOptions, type RebalanceOptionsInput } from "./options.js";
export type { BrickPort, Random, Scheduler, World } from "./ports.js";
export {
  type Intent,
  type Journal,
  JOURNAL_VERSION,
  type JournalBrick,
  type JournalHeader,
  type JournalStatus,
  type RunHeader,
} from "./journal.js";
export { MemoryJournal } from "./memory-journal.js";
