import type { Mutant } from "./mutant.js";

const src = "packages/lease-manager/src";
const tests = ["packages/lease-manager/test"];

/** Who is granted, who waits, who is told that a lease is over. */
export const ofLeaseManager: readonly Mutant[] = [
  {
    rule: "a grant waits for modifying fops that run",
    edits: [{ file: `${src}/inode-leases.ts`, from: `if (this.#modifying > 0 || (scope`, to: `if ((scope` }],
    tests,
  },
  {
    rule: "a data lease waits for internal modifying fops too",
    edits: [
      {
        file: `${src}/inode-leases.ts`,
        from: `(scope === "data" && this.#modifyingInternal > 0)`,
        to: `false`,
      },
    ],
    tests,
  },
  {
    rule: "an exclusive lease waits for fops that look",
    edits: [
      {
        file: `${src}/inode-leases.ts`,
        from: `return type === "read" || this.#observing === 0;`,
        to: `return true;`,
      },
    ],
    tests,
  },
  {
    rule: "a fop waits for requests ahead of it",
    edits: [
      {
        file: `${src}/inode-leases.ts`,
        from: `return this.#waitsForLease(fop, own) || this.#waitsForRequest(fop, own, this.#waiting);`,
        to: `return this.#waitsForLease(fop, own);`,
      },
    ],
    tests,
  },
  {
    rule: "the fops of a recalled holder do not wait for those who wait for it",
    edits: [{ file: `${src}/inode-leases.ts`, from: `if (own?.isRecalled === true) return false;`, to: `` }],
    tests,
  },
  {
    rule: "a request does not overtake who waited before it",
    edits: [
      {
        file: `${src}/inode-leases.ts`,
        from: `if (ahead.length > 0 || !this.#isGrantable(request)) return false;`,
        to: `if (!this.#isGrantable(request)) return false;`,
      },
    ],
    tests,
  },
  {
    rule: "a lease in the way of who waits is recalled when it is granted",
    edits: [{ file: `${src}/inode-leases.ts`, from: `host.recall(lease, nowMs);`, to: `continue;` }],
    tests,
  },
  {
    rule: "a fop that waited is refused when its lease was revoked meanwhile",
    edits: [
      {
        file: `${src}/inode-leases.ts`,
        from: `if (refusal !== undefined) {`,
        to: `if (refusal !== undefined && ahead.length < 0) {`,
      },
    ],
    tests,
  },
  {
    rule: "a fop that names a lease-epoch not held is refused",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `if (own === undefined || this.epochOf(own) !== leaseEpoch) {`,
        to: `if (false) {`,
      },
    ],
    tests,
  },
  {
    rule: "an older epoch of a lease that is held again does not count",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `if (own === undefined || this.epochOf(own) !== leaseEpoch) {`,
        to: `if (own === undefined) {`,
      },
    ],
    tests,
  },
  {
    rule: "a fop that names a revoked lease-id is refused",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `return death === undefined ? undefined : revokedError(leaseId, death);`,
        to: `return undefined;`,
      },
    ],
    tests,
  },
  {
    rule: "only the holder's client uses its lease",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `lease?.isHeld === true && lease.client === fop.client && lease.gfid`,
        to: `lease?.isHeld === true && lease.gfid`,
      },
    ],
    tests,
  },
  {
    rule: "each grant has an epoch of its own",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `this.#grants += 1;`,
        to: `this.#grants += lease.scope === "data" ? 0 : 1;`,
      },
    ],
    tests,
  },
  {
    rule: "modifications are tracked from the first data lease on",
    edits: [
      {
        file: `${src}/lease-ledger.ts`,
        from: `if (lease.scope === "data") this.tracked.track(lease.gfid, this.#epoch);`,
        to: ``,
      },
    ],
    tests,
  },
  {
    rule: "what is tracked later is not known for earlier epochs",
    edits: [
      { file: `${src}/modified-extents.ts`, from: `if (epoch < this.sinceEpoch) return "unknown";`, to: `` },
    ],
    tests,
  },
  {
    rule: "what was modified at the epoch asked for counts as modified",
    edits: [
      {
        file: `${src}/modified-extents.ts`,
        from: `if (extent.epoch < epoch) continue;`,
        to: `if (extent.epoch <= epoch) continue;`,
      },
    ],
    tests,
  },
  {
    rule: "joined extents keep the newer epoch",
    edits: [
      {
        file: `${src}/modified-extents.ts`,
        from: `return one.epoch > other.epoch ? one.epoch : other.epoch;`,
        to: `return one.epoch > other.epoch ? other.epoch : one.epoch;`,
      },
    ],
    tests,
  },
  {
    rule: "joined extents cover the gap between them",
    edits: [
      {
        file: `${src}/modified-extents.ts`,
        from: `{ start: left.start, end: extent.end, epoch: newer(left, extent) }`,
        to: `{ start: left.start, end: left.end, epoch: newer(left, extent) }`,
      },
    ],
    tests,
  },
  {
    rule: "nobody but its client unlocks a lease",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `if (lease.client !== client) throw`,
        to: `if (lease.isEmpty) throw`,
      },
    ],
    tests,
  },
  {
    rule: "an unlock that names another epoch than the lease has is answered as revoked",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `if (leaseEpoch !== undefined && leaseEpoch !== this.#ledger.epochOf(lease)) {`,
        to: `if (false) {`,
      },
    ],
    tests,
  },
  {
    rule: "an unlock of a revoked lease is answered as revoked",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `return { type: "revoked", error: revokedError(leaseId, death) };`,
        to: `return { type: "unlocked" };`,
      },
    ],
    tests,
  },
  {
    rule: "an unlock of a lease that may have been revoked and forgotten is answered as revoked",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `if (leaseEpoch === undefined && registry.knowsAllDeaths(client)) return`,
        to: `if (leaseEpoch === undefined) return`,
      },
    ],
    tests,
  },
  {
    rule: "the leases of a client end with its connection",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `for (const lease of this.#ledger.registry.heldBy(client)) touched.add(this.#revoke(lease, "disconnect"));`,
        to: ``,
      },
    ],
    tests,
  },
  {
    rule: "a commit rests on an exclusive lease",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `lease.scope === "data" && lease.readWriteCount > 0 && this`,
        to: `lease.scope === "data" && this`,
      },
    ],
    tests,
  },
  {
    rule: "a commit rests on the epoch of the lease",
    edits: [
      {
        file: `${src}/lease-manager.ts`,
        from: `lease.readWriteCount > 0 && this.#ledger.epochOf(lease) === epoch;`,
        to: `lease.readWriteCount > 0;`,
      },
    ],
    tests,
  },
  {
    rule: "a lease recalled in vain is revoked when its time is over",
    edits: [
      {
        file: `${src}/recall-deadline.ts`,
        from: `nextMs !== undefined && nextMs <= nowMs;`,
        to: `nextMs !== undefined && nextMs + 3_600_000 <= nowMs;`,
      },
    ],
    tests,
  },
  {
    rule: "progress does not put the end of a recalled lease off for ever",
    edits: [
      {
        file: `${src}/recall-deadline.ts`,
        from: `Math.min(nowMs + options.recallProgressMs, capMs)`,
        to: `nowMs + options.recallProgressMs`,
      },
    ],
    tests,
  },
  {
    rule: "a fop that modifies waits for a data lease, also when it is internal",
    edits: [
      {
        file: `${src}/conflict-table.ts`,
        from: `const foreignAndInternalWait = { own: "pass", other: "wait", none: "wait", internal: "wait" }`,
        to: `const foreignAndInternalWait = { own: "pass", other: "wait", none: "wait", internal: "pass" }`,
      },
    ],
    tests,
  },
];
