import type { ClientUid, Epoch, Gfid, LeaseId } from "@brickshift/wire";
import { createLeaseManager, type Gate, type GatedFop } from "../src/index.js";

/** What a load did, and how long it took. */
export interface LoadResult {
  readonly operations: number;
  readonly ms: number;
}

const firstEpoch = (1n << 32n) as Epoch;
const runner = "runner" as ClientUid;

function gfidOf(n: number): Gfid {
  return flat(`00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`) as Gfid;
}

function leaseIdOf(n: number): LeaseId {
  return flat(`${(n + 2 ** 44).toString(16).padStart(28, "f")}0100`) as LeaseId;
}

// A text put together from pieces stays a tree of them in V8, which takes many times the memory.
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function fopOf(gate: Gate): GatedFop {
  return {
    client: "client" as ClientUid,
    gate,
    leaseId: undefined,
    leaseEpoch: undefined,
    isInternal: false,
    isNonblocking: false,
  };
}

function timed(operations: number, run: () => void): LoadResult {
  const startMs = performance.now();
  run();
  return { operations, ms: performance.now() - startMs };
}

/** A fop on an inode without leases, admitted and finished: one operation is both. */
export function unleasedFops(count: number): LoadResult {
  const manager = createLeaseManager({}, firstEpoch);
  const inodes = Array.from({ length: 1_024 }, (_, n) => manager.inode(gfidOf(n)));
  const fops = (["read", "write", "lookup", "flush", "setattr", "open", "fstat", "truncate"] as const).map(
    fopOf,
  );
  return timed(count, () => {
    for (let n = 0; n < count; n += 1) {
      const inode = inodes[n & 1_023] as (typeof inodes)[number];
      const fop = fops[n & 7] as GatedFop;
      manager.admit(inode, fop, n);
      manager.finish(inode, fop, n);
    }
  });
}

/** A lease of scope `data` granted and unlocked, each under a fresh lease-id, over 1024 inodes. */
export function grantsAndUnlocks(count: number): LoadResult {
  const manager = createLeaseManager({}, firstEpoch);
  const inodes = Array.from({ length: 1_024 }, (_, n) => manager.inode(gfidOf(n)));
  const leaseIds = Array.from({ length: count }, (_, n) => leaseIdOf(n));
  return timed(count, () => {
    for (let n = 0; n < count; n += 1) {
      const inode = inodes[n & 1_023] as (typeof inodes)[number];
      const leaseId = leaseIds[n] as LeaseId;
      manager.request(inode, { client: runner, leaseId, type: "read", scope: "data" }, n);
      manager.takeEffects();
      manager.unlock(inode, { client: runner, leaseId }, n);
    }
  });
}

/** A write that meets a lease: blocked, the lease recalled, unlocked, the write resumed and finished. */
export function conflicts(count: number): LoadResult {
  const manager = createLeaseManager({}, firstEpoch);
  const inode = manager.inode(gfidOf(1));
  const write = fopOf("write");
  const leaseIds = Array.from({ length: count }, (_, n) => leaseIdOf(n));
  return timed(count, () => {
    for (let n = 0; n < count; n += 1) {
      const leaseId = leaseIds[n] as LeaseId;
      manager.request(inode, { client: runner, leaseId, type: "read", scope: "data" }, n);
      manager.admit(inode, write, n);
      manager.unlock(inode, { client: runner, leaseId }, n);
      manager.finish(inode, write, n);
      manager.takeEffects();
    }
  });
}

/** Scattered writes marked on a tracked inode whose extents are at their bound. */
export function scatteredMarks(count: number): LoadResult {
  const manager = createLeaseManager({}, firstEpoch);
  const gfid = gfidOf(1);
  const request = { client: runner, leaseId: leaseIdOf(1), type: "read", scope: "data" } as const;
  manager.request(manager.inode(gfid), request, 0);
  return timed(count, () => {
    for (let n = 0; n < count; n += 1) manager.markModified(gfid, ((n * 7_919) % 1_000_003) * 65_536, 4_096);
  });
}

/**
 * `count` leases, each on an inode of its own, held by `clients` clients: heap in MiB, with the texts of the
 * gfids and lease-ids. Needs `--expose-gc` to mean anything.
 */
export function heldLeasesMiB(count: number, clients: number): number {
  const collect = () => globalThis.gc?.();
  collect();
  const beforeBytes = process.memoryUsage().heapUsed;
  const manager = createLeaseManager({ trackedInodesMax: 1_024 }, firstEpoch);
  for (let n = 0; n < count; n += 1) {
    const client = `client-${n % clients}` as ClientUid;
    const inode = manager.inode(gfidOf(n));
    manager.request(inode, { client, leaseId: leaseIdOf(n), type: "read", scope: "data" }, n);
    manager.takeEffects();
  }
  collect();
  const bytes = process.memoryUsage().heapUsed - beforeBytes;
  if (manager.usage.leases !== count) throw new Error("a lease was not granted");
  return bytes / 2 ** 20;
}
