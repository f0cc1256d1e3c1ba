/**
 * The leases of one brick as a state machine: grant, conflict, recall, revoke, epochs, dirty extents. No
 * I/O, no clock, no chance.
 *
 * @packageDocumentation
 */
export {
  dataRules,
  type FopRelation,
  type Gate,
  gateOfLock,
  gateOfOpen,
  type GateRow,
  gateRows,
  leasesConflict,
  type LeaseType,
  openRules,
  type Verdict,
  verdict,
  type VerdictGrid,
} from "./conflict-table.js";
export type { InodeHost, InodeLeases, Waiter } from "./inode-leases.js";
export type { Lease } from "./lease.js";
export { driveLeases, LeaseDriver } from "./lease-driver.js";
export type {
  Admission,
  GatedFop,
  LeaseEffect,
  LeaseName,
  LeaseRequest,
  LeaseUnlock,
  OpenFd,
  UnlockOutcome,
} from "./lease-effect.js";
export { createLeaseManager, LeaseManager, type LeaseUsage } from "./lease-manager.js";
export { LeaseRevokedError, type LeaseState, type RevokeReason } from "./lease-revoked-error.js";
export { leaseOptions, type LeaseOptions, type LeaseOptionsInput } from "./options.js";
export type { Scheduler } from "./ports.js";
