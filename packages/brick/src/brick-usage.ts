import type { Brick } from "./brick.js";

/** What is held on a brick now, and what waits: all zero once nobody uses it and no migration is under way. */
export interface BrickUsage {
  readonly clients: number;
  /** Fops that run or wait. */
  readonly runningFops: number;
  readonly leases: number;
  /** Fops that wait for a lease, and requests for leases that wait. */
  readonly blockedFops: number;
  readonly queuedLeaseRequests: number;
  /** Locks of all kinds, held and waiting. */
  readonly locks: number;
  /** Inodes that are open or that something runs on; and names that fops wait for. */
  readonly inodesInUse: number;
  readonly namesInUse: number;
  /** Files that are being filled from another brick, or are full and not published. */
  readonly migrationTargets: number;
}

/** What is held on `brick` now. */
export function usageOf({ clients, running, gate, locks, turns, tree }: Brick): BrickUsage {
  const { leases, blockedFops, queuedRequests } = gate.usage;
  return {
    clients: clients.size,
    runningFops: running,
    leases,
    blockedFops,
    queuedLeaseRequests: queuedRequests,
    locks: locks.size,
    inodesInUse: gate.inodes.size,
    namesInUse: turns.size,
    migrationTargets: tree.targets().length,
  };
}
