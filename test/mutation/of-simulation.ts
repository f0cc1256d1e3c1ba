import type { Mutant } from "./mutant.js";

/** Rules that the simulation misses. */
export const ofSimulation: readonly Mutant[] = [
  {
    rule: "a lease is granted when the modifying fops that run have ended",
    edits: [
      {
        file: "packages/lease-manager/src/inode-leases.ts",
        from: 'if (this.#modifying > 0 || (scope === "data" && this.#modifyingInternal > 0)) return false;',
        to: "",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "what clients modify is marked when it is admitted",
    edits: [
      {
        file: "packages/lease-manager/src/tracked-inodes.ts",
        from: "extents.mark(offset, length, epoch);",
        to: "",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "fops that conflict with a lease wait for it",
    edits: [
      {
        file: "packages/lease-manager/src/lease-manager.ts",
        from: "if (!inode.mustWait(fop, own)) {",
        to: "if (true) {",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "who copies under several leases holds the lock of migrations, and prepares the target that it made",
    edits: [
      {
        file: "packages/brick/src/tree/migration-calls.ts",
        from: "if (target?.madeUnder === madeUnder) return target;",
        to: "if (target !== undefined) return target;",
      },
      {
        file: "packages/rebalance/src/migration-lock.ts",
        from: "if (this.#session === session) return;",
        to: "this.#session = session;\n    return;",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a prepared target keeps its names and its data",
    edits: [
      {
        file: "packages/brick/src/tree/migration-guard.ts",
        from: 'if (record.target?.phase !== "prepared") return;',
        to: "return;",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a target is on the disk before it is prepared",
    edits: [
      {
        file: "packages/brick/src/tree/migration-calls.ts",
        from: "await context.store.data.sync(gfid);",
        to: "",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a commit without a clear answer is undecided until the source says what it is",
    edits: [
      {
        file: "packages/rebalance/src/flip.ts",
        from: 'state.phase = "undecided";\n    if (await wasCommitted(context, move)) return;',
        to: "",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a target is prepared in the same process of the destination that it was made in",
    edits: [
      {
        file: "packages/rebalance/src/file-destination.ts",
        from: "if (destination.capabilities?.processUuid !== this.#processUuid) throw new TargetLost(destination.brick);",
        to: "void destination;",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "recalled leases are revoked at their deadline",
    edits: [
      {
        file: "packages/lease-manager/src/lease-manager.ts",
        from: "for (const lease of this.#ledger.deadlines.takeDue(nowMs)) {",
        to: "for (const lease of [...this.#ledger.deadlines.takeDue(nowMs)].slice(1)) {",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "every run ends what the destination holds, also of what the source has no more",
    edits: [
      {
        file: "packages/rebalance/src/sweep.ts",
        from: "if (target.source === context.sourceId) yield target;",
        to: "if (target.source === context.destinationName) yield target;",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a lease is ended by its owner's word and nobody else's",
    edits: [
      {
        file: "packages/lease-manager/src/lease-manager.ts",
        from: "if (lease.client !== client) throw new LeaseError",
        to: "if (lease.client === undefined) throw new LeaseError",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a fop is let in by the lease that it names for the lease's owner only",
    edits: [
      {
        file: "packages/lease-manager/src/lease-ledger.ts",
        from: "lease.client === fop.client && lease.gfid",
        to: "lease.gfid",
      },
    ],
    tests: "simulation",
  },
  {
    rule: "a file that has moved on to a third brick is not lost",
    edits: [
      {
        file: "packages/rebalance/src/settle-flip.ts",
        from: `if (there.type === "present" || hasMovedOn)`,
        to: `if (there.type === "present")`,
      },
    ],
    tests: "simulation",
  },
];
