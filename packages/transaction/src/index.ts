/**
 * Copies a file under leases that can be asked back: one lease, one start offset, a run of reads and
 * writes, and an offset that advances only when the lease was given back in good order. Knows nothing of
 * Gluster: the file is reached through the ports `Source` and `Destination`.
 *
 * @packageDocumentation
 */
export { type Copier, type CopyEnds, createCopier } from "./copy-driver.js";
export { type CopyPlan } from "./copy-machine.js";
export { type CopyProgress, NOTHING_COPIED } from "./copy-progress.js";
export {
  type CopyDone,
  type CopyEnd,
  type CopyFailed,
  type CopyReport,
  type CopyResult,
} from "./copy-report.js";
export { type RegionReplays } from "./replay-ledger.js";
export { type TransactionOptions, transactionOptions, type TransactionOptionsInput } from "./options.js";
export type {
  AcquireRequest,
  Destination,
  Grant,
  Lease,
  LeaseMode,
  Random,
  ReadBytes,
  ReadHole,
  ReadResult,
  Recall,
  Scheduler,
  Source,
} from "./ports.js";
export { endOf, type Extent, extentsBytes, normalizeExtents, WHOLE_FILE } from "./extents.js";
// For authors of drivers and of simulations.
export { CopyMachine } from "./copy-machine.js";
export type { CopyEffect, CopyEvent, OpId, ReadShape, TransferEffect } from "./copy-events.js";
export { causeText, classify, type FailureKind } from "./failure.js";
