import type { Mutant } from "./mutant.js";

const src = "packages/rebalance/src";
const unit = "packages/rebalance/test";
const tests = [unit];

/** The steps of one file's move, their order, and what recovery makes of what it finds. */
export const ofRebalance: readonly Mutant[] = [
  {
    rule: "the destination is prepared before the source commits",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `  await destination.prepare(lease.epoch, move.stat, move.attributes.xattrs);
  state.phase = "prepared";
  await commit(context, move, state);`,
        to: `  await commit(context, move, state);
  await destination.prepare(lease.epoch, move.stat, move.attributes.xattrs);`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "names and xattrs that the source does not tell with its lease are asked for",
    edits: [
      {
        file: `${src}/file-attributes.ts`,
        from: `toldAttributes({ xattrs, links }: GrantedLease)`,
        to: `toldAttributes({ xattrs = new Map<string, Uint8Array>(), links = [] }: GrantedLease)`,
      },
    ],
    tests: [`${unit}/told-with-lease.int.test.ts`],
  },
  {
    rule: "names that the destination does not tell with its lease are asked for",
    edits: [
      {
        file: `${src}/target-lease.ts`,
        from: `told ?? readLinks(destination, this.#gfid, fopTimeoutMs, xdata)`,
        to: `told ?? []`,
      },
    ],
    tests: [`${unit}/told-with-lease.int.test.ts`],
  },
  {
    rule: "a lease whose answer cannot be read is given back",
    edits: [
      {
        file: `${src}/brick-leases.ts`,
        from: `else if (isUnreadable(error)) this.#giveBack(gfid, leaseId);`,
        to: ``,
      },
    ],
    tests: [`${unit}/told-with-lease.int.test.ts`],
  },
  {
    rule: "a commit names the epoch of its lease",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
  try {`,
        to: `xdataOf({ leaseId: lease.leaseId });
  try {`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "an unclear commit is decided by what the source has",
    edits: [{ file: `${src}/flip.ts`, from: `if (await wasCommitted(context, move)) return;`, to: `` }],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "a commit that a failing disk answered may have been made",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `return fop === undefined || fop.code !== "FOP_FAILED" || refusals.has(fop.errno);`,
        to: `return true;`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "the source is asked under a lease of one's own, after the commit's is over",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `const { state } = await untilAnswered(() => lookUpAlone(context, gfid), patience);`,
        to: `const state = await untilAnswered(() => lookUp(context.source, gfid, context.options.fopTimeoutMs), patience);`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "a commit that nobody can tell of is not undone",
    edits: [
      {
        file: `${src}/move-file.ts`,
        from: `if (this.#state.phase === "committed" || this.#state.phase === "undecided") {`,
        to: `if (this.#state.phase === "committed") {`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "a rival that emptied the target between two leases is noticed, by the lock or by what the target was made under",
    edits: [
      {
        file: `${src}/move-file.ts`,
        from: `if (needsLock && !this.#lock.isHeldOver(lease.session)) throw new LockLost();`,
        to: ``,
      },
      {
        file: "packages/brick/src/tree/migration-calls.ts",
        from: `if (target?.madeUnder === madeUnder) return target;`,
        to: `if (target !== undefined) return target;`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "what changed under the exclusive lease's wait is copied under it",
    edits: [
      {
        file: `${src}/move-file.ts`,
        from: `await this.#copy("exclusive", from);`,
        to: `await this.#copy("exclusive", from === undefined ? from : { ...from, remaining: [] });`,
      },
    ],
    tests,
  },
  {
    rule: "names are matched under the lease on the destination",
    edits: [
      { file: `${src}/move-file.ts`, from: `await this.#matchNames(attributes.links, present);`, to: `` },
    ],
    tests,
  },
  {
    rule: "a read of the source names its lease and epoch",
    edits: [
      {
        file: `${src}/file-source.ts`,
        from: `this.#xdata = xdataOf({ leaseId: lease.leaseId, leaseEpoch: lease.epoch });
    if (lease`,
        to: `this.#xdata = xdataOf({ leaseId: lease.leaseId });
    if (lease`,
      },
    ],
    tests: [`${unit}/file-source.int.test.ts`],
  },
  {
    rule: "a file with several names is put by none of them alone",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `if (attributes === undefined || !isOnly(attributes.links, this.link)) return undefined;`,
        to: `if (attributes === undefined) return undefined;`,
      },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a target that was put with the data of one lease takes none of another",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `if (this.#putUnder !== undefined) throw new TargetLost(this.#world.destination.brick);`,
        to: ``,
      },
      { file: `${src}/file-destination.ts`, from: `return this.write(0, NO_BYTES, fence);`, to: `return;` },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a target whose names nobody vouched for is prepared once more",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `this.#isPrepared = links !== undefined && isOnly(links, this.link);`,
        to: ``,
      },
      {
        file: `${src}/file-destination.ts`,
        from: `if (this.#isPrepared) return;`,
        to: `if (this.#putUnder !== undefined) return;`,
      },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a target that was put late is not published for a commit that was not for it",
    edits: [
      { file: `${src}/settle-flip.ts`, from: `if (isLate) await abort(context, gfid, epoch);`, to: `` },
      {
        file: `${src}/settle-flip.ts`,
        from: `there.type === "absent" || isLate`,
        to: `there.type === "absent"`,
      },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a target that was put and has other names by now is put anew",
    edits: [
      {
        file: `${src}/move-file.ts`,
        from: `if (this.#destination.isPut) throw new TargetLost(destination.brick);`,
        to: ``,
      },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a whole file is put when the journal has noted it",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `return isIntended ? { content, prepared: preparedDict(stat, attributes.xattrs) } : undefined;`,
        to: `return { content, prepared: preparedDict(stat, attributes.xattrs) };`,
      },
    ],
    tests: [`${unit}/whole-file.int.test.ts`],
  },
  {
    rule: "a target is taken over while the source has the data only",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `    await this.#lock.take();
    // What is dropped must not be the only copy. While the source shows data under a lease that is held, no commit
    // with a lower epoch can come any more, and one with a higher epoch fences this off.
    await this.#needOrigin();`,
        to: `    await this.#lock.take();`,
      },
    ],
    tests: [`${unit}/rivals.int.test.ts`],
  },
  {
    rule: "a target is taken over with the migration lock only",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `    await this.#lock.take();
    // What is dropped`,
        to: `    // What is dropped`,
      },
    ],
    tests: [`${unit}/rivals.int.test.ts`],
  },
  {
    rule: "recovery publishes a prepared target when the source links to it",
    edits: [
      {
        file: `${src}/settle-flip.ts`,
        from: `if (await publish(context, gfid, epoch)) return recovered`,
        to: `if (epoch < 0n) return recovered`,
      },
    ],
    tests: [`${unit}/crash.sim.test.ts`],
  },
  {
    rule: "recovery aborts a target while the source has the data",
    edits: [
      {
        file: `${src}/settle-flip.ts`,
        from: `await abortLocked(context, gfid, epoch, lock);`,
        to: ``,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "recovery takes the lock before it drops a target",
    edits: [
      {
        file: `${src}/settle-flip.ts`,
        from: `  await lock.take();
  try {`,
        to: `  try {`,
      },
    ],
    tests: [`${unit}/migration-lock.int.test.ts`],
  },
  {
    rule: "a prepared target that is the only copy, since the link file was removed, is published",
    edits: [
      {
        file: `${src}/settle-flip.ts`,
        from: `if (fate === "committed") {`,
        to: `if (fate !== fate) {`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "a failed sync is told, also when a later one succeeds",
    edits: [
      {
        file: `${src}/sync-ahead.ts`,
        from: `if (this.#failure !== undefined) throw this.#failure.error;`,
        to: ``,
      },
    ],
    tests: [`${unit}/sync-ahead.test.ts`],
  },
  {
    rule: "a lease that was granted to nobody is given back",
    edits: [
      {
        file: `${src}/brick-leases.ts`,
        from: `if (signal?.aborted === true) this.#withdraw(gfid, leaseId, asked);`,
        to: `if (signal?.aborted === true) throw known;`,
      },
    ],
    tests: [`${unit}/leases-returned.int.test.ts`],
  },
  {
    rule: "an unlock without an answer is repeated when the lease is recalled",
    edits: [
      {
        file: `${src}/brick-leases.ts`,
        from: `if (known !== error && !isRevoked(known)) this.#giveBack(gfid, leaseId);`,
        to: ``,
      },
    ],
    tests: [`${unit}/leases-returned.int.test.ts`],
  },
  {
    rule: "the intent of a flip is in the journal until it is done",
    edits: [
      {
        file: `${src}/journal-file-driver.ts`,
        from: `await this.#append({ type: "intent", intent });`,
        to: ``,
      },
    ],
    tests: [`${unit}/journal.test.ts`, `${unit}/journal-durability.test.ts`],
  },
  {
    rule: "a damaged journal is refused",
    edits: [
      {
        file: `${src}/journal-text.ts`,
        from: `if (text(line.subarray(0, HEAD_BYTES)) !== headOf(json.length, check)) {`,
        to: `if (text(line.subarray(0, HEAD_BYTES)).length !== HEAD_BYTES) {`,
      },
    ],
    tests: [`${unit}/journal.test.ts`],
  },
  {
    rule: "a journal is not shared by two runners",
    edits: [
      {
        file: `${src}/journal-file-driver.ts`,
        from: `readOnly ? () => {} : takeJournalLock(join(directory, "lock"))`,
        to: `() => {}`,
      },
    ],
    tests: [`${unit}/journal.test.ts`],
  },
  {
    rule: "a late unlink of a name that the target had takes no other file away, by the lease's epoch or by asking for a link file",
    edits: [
      {
        file: `${src}/link-names.ts`,
        from: `const guarded = new Map([...(xdata ?? []), ONLY_LINK_FILES]);`,
        to: `const guarded = new Map([...(xdata ?? [])].filter(([key]) => key !== "brickshift.lease-epoch"));`,
      },
    ],
    tests: [`${unit}/late-and-unclear.int.test.ts`],
  },
  {
    rule: "a run ends what the destination holds, whatever the source has of it",
    edits: [{ file: `${src}/run.ts`, from: `await this.#sweep("all");`, to: `` }],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "what can not be opened until its flip is ended comes first",
    edits: [{ file: `${src}/run.ts`, from: `await this.#sweep("prepared");`, to: `` }],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "a prepared target of a file that the source has no more is published only for a commit that the source remembers",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `return since !== undefined && madeUnder > since ? "not-committed" : "unknown";`,
        to: `return since === undefined ? "unknown" : "committed";`,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "a commit for another target than the one that is there does not publish it",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `if (commit < madeUnder || commit > fence) return "not-committed";`,
        to: ``,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "what was committed is not dropped",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `=== destinationName ? "committed" : "misnamed"`,
        to: `=== destinationName ? "not-committed" : "misnamed"`,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "nobody guesses about what is not remembered",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `since !== undefined && madeUnder > since`,
        to: `since !== undefined`,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "a source that shows data does not prove that it did not commit, for what a run finds",
    edits: [{ file: `${src}/settle-flip.ts`, from: `await needDroppable(context, target);`, to: `` }],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "a source that shows data does not prove that it did not commit, for what a copy takes over",
    edits: [
      {
        file: `${src}/file-destination.ts`,
        from: `await this.#world.needDroppable().catch(rethrow);`,
        to: ``,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "a source that shows data does not prove that it did not commit, for a commit without answer",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `if (fate === "committed") throw shownAndCommitted(context, gfid);`,
        to: ``,
      },
    ],
    tests: ["packages/rebalance/test/late-and-unclear.int.test.ts"],
  },
  {
    rule: "a link file to another brick does not prove that the source did not commit",
    edits: [
      {
        file: `${src}/flip.ts`,
        from: `if (state.type === "present") {`,
        to: `if (state.type === "link") return false;\n    if (state.type === "present") {`,
      },
    ],
    tests: ["packages/rebalance/test/late-and-unclear.int.test.ts"],
  },
  {
    rule: "a commit that names another brick keeps its target from being dropped",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `if (fate === "committed" || fate === "misnamed") throw`,
        to: `if (fate === "committed") throw`,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
  {
    rule: "nobody publishes on the operator's word what the source says is on a third brick",
    edits: [
      {
        file: `${src}/target-fate.ts`,
        from: `return told === "committed" && source !== "absent" ? "unknown" : told;`,
        to: `return told;`,
      },
    ],
    tests: ["packages/rebalance/test/left-over.int.test.ts"],
  },
];
