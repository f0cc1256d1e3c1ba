import type { Mutant } from "./mutant.js";

const src = "packages/brick/src";
const meta = `${src}/store/disk/disk-meta.ts`;
const gate = ["packages/brick/test/gate"];
const migration = ["packages/brick/test/gate", "packages/brick/test/tree/migration.test.ts"];

/** The gate of the brick, its fops and its store. */
export const ofBrick: readonly Mutant[] = [
  {
    rule: "modifications are marked when a fop is admitted",
    edits: [{ file: `${src}/fops/fop-task.ts`, from: `if (brick.gate.isTracking) this.#mark();`, to: `` }],
    tests: gate,
  },
  {
    rule: "nobody runs on an inode before its commit is durable",
    edits: [
      { file: `${src}/fops/migration-step.ts`, from: `  brick.gate.holdBack(gfid, committed);`, to: `` },
    ],
    tests: gate,
  },
  {
    rule: "names and xattrs are told as they are when the lease is granted",
    edits: [
      {
        file: `${src}/fops/lease.ts`,
        from: `  const later = new LaterReply<Reply>();`,
        to: `  const later = new LaterReply<Reply>();
  const early = toldWithContent(fop, inode.gfid, { type: "read-write", scope: "data" }, request.xdata);`,
      },
      {
        file: `${src}/fops/lease.ts`,
        from: `const told = toldWithContent(fop, inode.gfid, ask, request.xdata);`,
        to: `const told = early;`,
      },
    ],
    tests: gate,
  },
  {
    rule: "names and xattrs are told with an exclusive lease only",
    edits: [
      {
        file: `${src}/fops/told-with-lease.ts`,
        from: `type !== "read-write" || scope !== "data"`,
        to: `scope !== "data"`,
      },
    ],
    tests: gate,
  },
  {
    rule: "names and xattrs are told to nobody who may not read them",
    edits: [
      {
        file: `${src}/fops/told-with-lease.ts`,
        from: ` && permitsGetXattr(tree.protection(gfid), caller, "") === "granted"`,
        to: ``,
      },
    ],
    tests: gate,
  },
  {
    rule: "a commit needs the exclusive lease that it names",
    edits: [
      {
        file: `${src}/fops/migration-step.ts`,
        from: `const epoch = checkExclusive(fop, gfid);`,
        to: `const epoch = fop.leaseEpoch ?? (0n as Epoch);`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a file on which clients hold POSIX locks stays",
    edits: [
      { file: `${src}/fops/migration-step.ts`, from: `if (locks > 0) throw`, to: `if (locks < 0) throw` },
    ],
    tests: ["packages/rebalance/test/client-locks.int.test.ts"],
  },
  {
    rule: "a preparation rests on the lease that it names",
    edits: [
      {
        file: `${src}/fops/migration-step.ts`,
        from: `if (leaseEpoch !== undefined) checkExclusive(fop, gfid);`,
        to: ``,
      },
    ],
    tests: migration,
  },
  {
    rule: "nobody runs on a target before its preparation is done",
    edits: [
      {
        file: `${src}/fops/migration-step.ts`,
        from: `if (leaseEpoch !== undefined) brick.gate.holdBack(gfid, prepared);`,
        to: ``,
      },
    ],
    tests: migration,
  },
  {
    rule: "a target that is put is new",
    edits: [
      {
        file: `${src}/fops/put.ts`,
        from: `(flag & OpenFlags.excl) === 0 || offset !== 0`,
        to: `offset !== 0`,
      },
    ],
    tests: gate,
  },
  {
    rule: "nobody but the superuser puts a target, with whatever attributes",
    edits: [
      {
        file: `${src}/fops/put.ts`,
        from: `if (linktoOfTarget(fop, mode) !== undefined) throw denied();`,
        to: ``,
      },
    ],
    tests: gate,
  },
  {
    rule: "a publication that names the epoch of its lease gives it back, and no other does",
    edits: [
      {
        file: `${src}/fops/migration-step.ts`,
        from: `if (leaseId === undefined || leaseEpoch === undefined) return;
  const inode`,
        to: `if (leaseId === undefined) return;
  const inode`,
      },
    ],
    tests: gate,
  },
  {
    rule: "no lease is granted to who is gone by the time that the target is put",
    edits: [
      {
        file: `${src}/fops/lease-from-birth.ts`,
        from: `leaseId === undefined || owner.isGone`,
        to: `leaseId === undefined`,
      },
    ],
    tests: gate,
  },
  {
    rule: "a fop on names that waited for a flip does not run on the link file",
    edits: [
      {
        file: "packages/brick/src/fops/fop-task.ts",
        from: "this.#checkPresent();",
        to: "",
      },
    ],
    tests: ["packages/brick/test/gate", "packages/brick/test/fops"],
  },
  {
    rule: "a source does not commit while a client that changes names holds the lock",
    edits: [
      {
        file: "packages/brick/src/fops/migration-step.ts",
        from: "checkNotLocked(fop, gfid);",
        to: "",
      },
    ],
    tests: ["packages/brick/test/gate", "packages/brick/test/fops"],
  },
  {
    rule: "only who has an inode to himself says that it is published",
    edits: [
      {
        file: "packages/brick/src/fops/lease.ts",
        from: "return brick.gate.holdsExclusive(gfid, client, leaseId, leaseEpoch) ? published : undefined;",
        to: "return published;",
      },
    ],
    tests: ["packages/brick/test/gate/migration-questions.test.ts"],
  },
  {
    rule: "records whose pages were overwritten are not shown to LMDB, which would end the process",
    edits: [
      {
        file: `${src}/store/disk/records-file.ts`,
        from: `return faultOfPages({`,
        to: `return void ({`,
      },
    ],
    tests: ["packages/brick/test/store/records-pages.int.test.ts"],
  },
  {
    rule: "what was put off comes to the disk with the next commit, before its own changes",
    edits: [
      {
        file: meta,
        from: `if (this.#isLogged && !this.#hasAll) {`,
        to: `if (this.#isLogged && this.#isClosed) {`,
      },
    ],
    tests: [
      "packages/brick/test/store/change-log.int.test.ts",
      "packages/brick/test/tree/power-cut.int.test.ts",
    ],
  },
  {
    rule: "what was put off outlasts a kill",
    edits: [{ file: meta, from: `log.append({ number: this.#loggedNumber + 1, changes });`, to: `` }],
    tests: ["packages/brick/test/store/change-log.int.test.ts"],
  },
  {
    rule: "nothing is put off while a commit is under way",
    edits: [{ file: meta, from: `return this.#committing === 0 && this`, to: `return this` }],
    tests: ["packages/brick/test/store/compliance.test.ts"],
  },
  {
    rule: "what a commit has brought to lmdb is not brought there again at the start",
    edits: [{ file: meta, from: `void state.put(LOGGED, number);`, to: `` }],
    tests: ["packages/brick/test/store"],
  },
  {
    rule: "what is put off has room in the reserve",
    edits: [
      {
        file: meta,
        from: `reserve.keepFree(changes.length * BYTES_PER_CHANGE + bytesOf(changes));`,
        to: ``,
      },
    ],
    tests: ["packages/brick/test/store/full-disk.int.test.ts"],
  },
  {
    rule: "no more is put off than the reserve has room for",
    edits: [{ file: meta, from: `if (isFull) return`, to: `if (isFull && this.#isClosed) return` }],
    tests: ["packages/brick/test/store/full-disk.int.test.ts"],
  },
  {
    rule: "what the transactions of one commit put counts against the room for the next of them",
    edits: [{ file: `${src}/store/disk/reserve.ts`, from: `this.#claims.add(claim);`, to: `` }],
    tests: ["packages/brick/test/store/full-disk.int.test.ts"],
  },
  {
    rule: "the medium is asked for its room again once a commit has ended",
    edits: [
      {
        file: `${src}/store/disk/reserve.ts`,
        from: `if (!this.#claims.delete(claim)) return;`,
        to: `return;`,
      },
    ],
    tests: ["packages/brick/test/store/full-disk.int.test.ts"],
  },
  {
    rule: "readers see a commit that has come to lmdb whole, with what was put off",
    edits: [
      {
        file: meta,
        from: `return this.#committing > 0 && this.#hasAll ? this.#records : this.#logged;`,
        to: `return this.#logged;`,
      },
    ],
    tests: ["packages/brick/test/store/change-log.int.test.ts"],
  },
];
