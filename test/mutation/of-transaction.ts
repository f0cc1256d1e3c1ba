import type { Mutant } from "./mutant.js";

const src = "packages/transaction/src";
const tests = ["packages/transaction/test"];

/** What is copied when, and what counts as copied. */
export const ofTransaction: readonly Mutant[] = [
  {
    rule: "the offset advances on a successful unlock only",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (transaction !== undefined) this.#close(transaction, false, nowMs);`,
        to: `if (transaction !== undefined) this.#ledger.committed(transaction.rest());
    if (transaction !== undefined) this.#close(transaction, false, nowMs);`,
      },
    ],
    tests,
  },
  {
    rule: "a failed unlock fails the transaction",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `return this.#fail({ cause: error, final: undefined, isLeaseGone: true }, nowMs);
  }

  /** A port rejected`,
        to: `return this.#unlocked(nowMs);
  }

  /** A port rejected`,
      },
    ],
    tests,
  },
  {
    rule: "the unlock is sent when everything read has been written",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (!transaction.isIdle || this.#isEstablishing) return effects;`,
        to: `if (!transaction.isAtEnd && !this.#phase.isStopped && !transaction.isIdle) return effects;`,
      },
    ],
    tests,
  },
  {
    rule: "a recalled lease is not used for more than the least window",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `this.#phase.isStopped ? windowMin * chunkBytes : undefined`,
        to: `undefined`,
      },
    ],
    tests,
  },
  {
    rule: "after a failure nothing is asked for before every write is answered",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (this.#isEstablishing || transaction?.isIdle === false) {`,
        to: `if (this.#isEstablishing) {`,
      },
    ],
    tests,
  },
  {
    rule: "a write without an answer takes the claim away that the destination is fenced",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (classify(event.error) !== "fenced") this.#ledger.isFenced = false;`,
        to: ``,
      },
    ],
    tests,
  },
  {
    rule: "nothing is written before the destination knows the fence",
    edits: [
      {
        file: `${src}/transaction.ts`,
        from: `return this.#isFenced ? [this.#send(id, op)] : [];`,
        to: `return [this.#send(id, op)];`,
      },
    ],
    tests,
  },
  {
    rule: "a source whose epochs do not grow is not believed",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `const isNewer = grant.epoch > this.#lastEpoch;`,
        to: `const isNewer = true;`,
      },
    ],
    tests,
  },
  {
    rule: "under an exclusive lease it is asked what is dirty",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `(this.#mode === "exclusive" || remaining.length === 0)`,
        to: `remaining.length === 0`,
      },
    ],
    tests,
  },
  {
    rule: "what is dirty is asked for since the grant of the pass before, not since its last lease",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (isNewer && beginsPass) this.#ledger.granted(grant);`,
        to: `if (isNewer) this.#ledger.granted(beginsPass ? grant : { ...grant, dirty: [] });`,
      },
    ],
    tests,
  },
  {
    rule: "what is dirty is copied again",
    edits: [
      {
        file: `${src}/copy-progress.ts`,
        from: `[...this.#remaining, ...grant.dirty, ...this.#beyond(grant.sizeBytes)]`,
        to: `[...this.#remaining, ...this.#beyond(grant.sizeBytes)]`,
      },
    ],
    tests,
  },
  {
    rule: "what was left before is not forgotten when more is dirty",
    edits: [
      {
        file: `${src}/copy-progress.ts`,
        from: `[...this.#remaining, ...grant.dirty, ...this.#beyond(grant.sizeBytes)]`,
        to: `[...grant.dirty, ...this.#beyond(grant.sizeBytes)]`,
      },
    ],
    tests,
  },
  {
    rule: "a source that does not know what is dirty is copied whole",
    edits: [
      {
        file: `${src}/copy-progress.ts`,
        from: `grant.dirty === undefined || grant.dirty === "unknown"`,
        to: `grant.dirty === undefined`,
      },
      {
        file: `${src}/copy-progress.ts`,
        from: `...this.#remaining, ...grant.dirty,`,
        to: `...this.#remaining, ...(grant.dirty === "unknown" ? [] : grant.dirty),`,
      },
    ],
    tests,
  },
  {
    rule: "what the destination has beyond the end of a file that shrank is zeroed",
    edits: [
      {
        file: `${src}/copy-progress.ts`,
        from: `if (sizeBytes === undefined || sizeBytes >= this.touchedBytes) return [];`,
        to: `return [];`,
      },
    ],
    tests,
  },
  {
    rule: "holes are made where something was written before",
    edits: [
      {
        file: `${src}/transaction.ts`,
        from: `if (length <= 0) return this.#goOn(op, next);`,
        to: `if (length <= 0 || next === undefined) return this.#goOn(op, next);`,
      },
    ],
    tests,
  },
  {
    rule: "a chunk that was answered short is read to its end",
    edits: [
      {
        file: `${src}/transaction.ts`,
        from: `return this.#goOn(op, isGoingOn ? next : undefined);`,
        to: `return this.#goOn(op, undefined);`,
      },
    ],
    tests,
  },
  {
    rule: "extents are made coarser, never dropped",
    edits: [
      {
        file: `${src}/extents.ts`,
        from: `const endBytes = Math.max(endOf(last), endOf(extent));`,
        to: `const endBytes = endOf(extent);`,
      },
    ],
    tests,
  },
  {
    rule: "replays of one region are bounded",
    edits: [
      {
        file: `${src}/copy-machine.ts`,
        from: `if (this.#replays.inRow > this.#options.replaysMax) {`,
        to: `if (false) {`,
      },
    ],
    tests,
  },
  {
    rule: "who was fenced off gives up",
    edits: [
      {
        file: `${src}/failure.ts`,
        from: `      return new TransactionError("TRANSACTION_FENCED", message, { cause });`,
        to: `      return undefined;`,
      },
    ],
    tests,
  },
];
