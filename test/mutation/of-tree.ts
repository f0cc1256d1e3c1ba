import type { Mutant } from "./mutant.js";

const src = "packages/brick/src";
const migration = ["packages/brick/test/gate", "packages/brick/test/tree/migration.test.ts"];

/** The tree of the brick, and what it keeps from whom while a file moves. */
export const ofTree: readonly Mutant[] = [
  {
    rule: "a lower fence is refused",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `if (token.fence < highest)`,
        to: `if (token.fence < 0n)`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a fence counts from the moment it is known, before it is durable",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `const raised = this.#raised.get(gfid) ?? 0n;`,
        to: `const raised = 0n;`,
      },
    ],
    tests: migration,
  },
  {
    rule: "fences of different sources are not compared",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `if (token.source !== target.source)
      throw`,
        to: `if (token.source === "")
      throw`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a fence is durable before a call under it is admitted",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `change.putInode(gfid, { ...record, target: { ...record.target, fence: token.fence } });`,
        to: ``,
      },
    ],
    tests: migration,
  },
  {
    rule: "clients do not touch a target",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `      throw new TreeError("TREE_MOVED", \`\${gfid} is on \${linkto}\`, linkto);
    }`,
        to: `      return;
    }`,
      },
    ],
    tests: migration,
  },
  {
    rule: "clients do not touch a link file",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `if (linkto !== undefined) throw new TreeError("TREE_MOVED"`,
        to: `if (linkto === "") throw new TreeError("TREE_MOVED"`,
      },
    ],
    tests: migration,
  },
  {
    rule: "nobody writes to a prepared target",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `    checkNotPrepared(gfid, record);
    if (this.#sealed`,
        to: `    if (this.#sealed`,
      },
    ],
    tests: migration,
  },
  {
    rule: "nobody writes to a target that is being prepared",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `if (this.#sealed.has(gfid)) throw new TreeError("TREE_MIGRATING", \`\${gfid} is being prepared\`);
  }`,
        to: `}`,
      },
    ],
    tests: migration,
  },
  {
    rule: "nobody removes a name of a prepared target",
    edits: [
      {
        file: `${src}/tree/migration-guard.ts`,
        from: `if (record.target?.phase !== "prepared") return;`,
        to: `return;`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a target is synced when it is prepared",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `  await context.store.data.sync(gfid);
`,
        to: ``,
      },
    ],
    tests: ["packages/brick/test", "packages/rebalance/test"],
  },
  {
    rule: "a target that is put is on the disk before there is a record of it",
    edits: [{ file: `${src}/tree/migration-calls.ts`, from: `      await data.sync(gfid);`, to: `` }],
    tests: ["packages/brick/test/tree/recovery.test.ts"],
  },
  {
    rule: "a target gets the size of the source",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `await context.store.data.truncate(gfid, attributes.size);`,
        to: ``,
      },
    ],
    tests: migration,
  },
  {
    rule: "a fence that rises during the preparation stops it",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `    const record = change.settle(gfid);
    context.guard.checkToken(gfid, record, token);
    const target = checkMadeUnder(gfid, record, madeUnder);`,
        to: `    const record = change.settle(gfid);
    const target = checkMadeUnder(gfid, record, madeUnder);`,
      },
    ],
    tests: migration,
  },
  {
    rule: "what was not prepared is not published",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `if (prepared === undefined) throw new TreeError("TREE_NOT_PREPARED", \`\${gfid} is \${target.phase}\`);`,
        to: `if (prepared === undefined) return { prestat: stat, poststat: stat };`,
      },
    ],
    tests: migration,
  },
  {
    rule: "who was fenced off does not abort a target",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `    context.guard.checkToken(gfid, record, token);
    return abortWithin(change, gfid, record);`,
        to: `    return abortWithin(change, gfid, record);`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a target with data is emptied under a higher fence only",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `if (token.fence <= record.target.fence && !isUntouched) {`,
        to: `if (false) {`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a target that is filled from one source is not given to another",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `if (record.target?.source !== token.source) {`,
        to: `if (false) {`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a file that has moved is not committed to another brick",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `if (present !== undefined) throw new TreeError("TREE_MOVED", \`\${gfid} is on \${present}\`, present);`,
        to: ``,
      },
    ],
    tests: migration,
  },
  {
    rule: "a target is prepared by the fence that it was made under",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `if (target?.madeUnder === madeUnder) return target;`,
        to: `if (target !== undefined) return target;`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a removal of link files only looks in the step that removes",
    edits: [
      {
        file: `${src}/tree/remove-calls.ts`,
        from: `if (condition.onlyLinkFile === true && linktoOf(record) === undefined) {`,
        to: `if (condition.onlyLinkFile === true && linktoOf(record) === "") {`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a commit is remembered beyond its link file",
    edits: [
      {
        file: "packages/brick/src/tree/migration-calls.ts",
        from: "context.commits.note(change, gfid, commit);",
        to: "",
      },
    ],
    tests: ["packages/brick/test/tree/commit-records.test.ts"],
  },
  {
    rule: "what is forgotten of commits is known to be forgotten",
    edits: [
      {
        file: "packages/brick/src/tree/commit-records.ts",
        from: "if (last !== undefined && last > this.since) putSince(change, last);",
        to: "void last;",
      },
    ],
    tests: ["packages/brick/test/tree/commit-records.test.ts"],
  },
  {
    rule: "fsync of a file brings its record and its name to the disk",
    edits: [
      {
        file: `${src}/tree/data-calls.ts`,
        from: `dataOnly ? context.store.meta.sync() : context.syncTimes(gfid)`,
        to: `dataOnly ? undefined : context.persistTimes([gfid])`,
      },
    ],
    tests: ["packages/brick/test/tree/power-cut.int.test.ts"],
  },
  {
    rule: "a step of a migration that comes late empties nothing",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `context.emptying.run(gfid, () => adopt(context, gfid, linkto, token))`,
        to: `adopt(context, gfid, linkto, token)`,
      },
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `  if (context.records.pendingWork(gfid) !== "empty") return;\n`,
        to: ``,
      },
    ],
    tests: ["packages/brick/test/tree/migration.test.ts"],
  },
];
