import type { Mutant } from "./mutant.js";

const tree = "packages/brick/src/tree";
const disk = "packages/brick/src/store/disk";
const recovery = ["packages/brick/test/tree/recovery.test.ts"];
const log = ["packages/brick/test/store"];

/** What the store of a brick has on the disk, and when. */
export const ofStore: readonly Mutant[] = [
  {
    rule: "the steps of a migration are on the disk when they are answered",
    edits: [{ file: `${tree}/tree-context.ts`, from: "    await this.store.meta.sync();\n", to: "" }],
    tests: recovery,
  },
  {
    rule: "an fsync brings the records to the disk",
    edits: [{ file: `${tree}/data-calls.ts`, from: "      await meta.sync();\n", to: "" }],
    tests: recovery,
  },
  {
    rule: "the data of a removed object goes when its record is gone for good",
    edits: [
      {
        file: `${tree}/tree-context.ts`,
        from: "const removing = this.store.meta\n      .sync()\n",
        to: "const removing = Promise.resolve()\n",
      },
    ],
    tests: recovery,
  },
  {
    rule: "an object is made when the data of a removed one with its gfid is gone",
    edits: [{ file: `${tree}/create-calls.ts`, from: "if (removing !== undefined) await removing;", to: "" }],
    tests: recovery,
  },
  {
    rule: "a call under a fence that is being raised waits for that",
    edits: [{ file: `${tree}/migration-guard.ts`, from: "return raised?.durable;", to: "return;" }],
    tests: recovery,
  },
  {
    rule: "what a log that was not applied holds is redone",
    edits: [
      { file: `${disk}/disk-store.ts`, from: "if (!wasClosed) await redo(directory, records, log);", to: "" },
    ],
    tests: log,
  },
  {
    rule: "the log ends where a transaction is not whole",
    edits: [
      {
        file: `${disk}/logged-transaction.ts`,
        from: " || crc32(body) !== bytes.readUInt32LE(at + 4)",
        to: "",
      },
    ],
    tests: log,
  },
  {
    rule: "the log ends where a transaction of an earlier round begins",
    edits: [
      {
        file: `${disk}/logged-transaction.ts`,
        from: "if (before !== undefined && transaction.number !== before.number + 1) break;",
        to: "",
      },
    ],
    tests: log,
  },
  {
    rule: "a file of the log is used again when the records have what is in it",
    edits: [
      {
        file: `${disk}/record-log.ts`,
        from: "if (this.#files[other].lastNumber > this.#applied) return;",
        to: "",
      },
    ],
    tests: [...log, "packages/brick/test/crash"],
  },
  {
    rule: "transactions that the log does not take are undone",
    edits: [
      {
        file: `${disk}/disk-meta.ts`,
        from: "for (const [text, before] of group.replaced) {",
        to: "for (const [text, before] of [...group.replaced].slice(0, 0)) {",
      },
    ],
    tests: log,
  },
  {
    rule: "the open group is written before what it hides counts as applied",
    edits: [
      {
        file: `${disk}/disk-meta.ts`,
        from: "      this.#writeGroup();\n      const { last }",
        to: "      const { last }",
      },
    ],
    tests: [...log, "packages/brick/test/crash"],
  },
  {
    rule: "a key that goes while its coming is applied is deleted from the records",
    edits: [{ file: `${disk}/disk-meta.ts`, from: "this.#applying !== undefined || ", to: "" }],
    tests: [...log, "packages/brick/test/crash"],
  },
  {
    rule: "after a sync that failed the log is not believed",
    edits: [{ file: `${disk}/disk-meta.ts`, from: "      this.#isLogDoubtful = true;\n", to: "" }],
    tests: log,
  },
];
