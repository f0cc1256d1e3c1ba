import type { Mutant } from "./mutant.js";

const src = "packages/brick/src";
const kept = ["packages/brick/test/tree/kept-content.test.ts"];
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
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `  if (content.length > 0) await data.write(gfid, 0, content);
  await data.sync(gfid);`,
        to: `  if (content.length > 0) await data.write(gfid, 0, content);`,
      },
    ],
    tests: ["packages/brick/test/tree/recovery.test.ts"],
  },
  {
    rule: "what a file keeps is on the disk as a blob before its record refers to that",
    edits: [{ file: `${src}/tree/contents.ts`, from: `      await this.#data.sync(gfid);`, to: `` }],
    tests: kept,
  },
  {
    rule: "whoever waited for a blob is admitted anew",
    edits: [
      {
        file: `${src}/tree/contents.ts`,
        from: `      await moving;`,
        to: `      await moving;
      return work(record);`,
      },
    ],
    tests: kept,
  },
  {
    rule: "whoever comes later waits for a blob that is being made",
    edits: [
      {
        file: `${src}/tree/contents.ts`,
        from: `if (moving !== undefined || keptBytes === undefined) return moving;`,
        to: `if (keptBytes === undefined) return undefined;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a content that was taken away meanwhile does not come back as a blob",
    edits: [
      {
        file: `${src}/tree/contents.ts`,
        from: `if (record?.keptBytes !== kept.length) return`,
        to: `if (record?.keptBytes === undefined) return`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a blob that holds nothing any more goes",
    edits: [
      { file: `${src}/tree/contents.ts`, from: `    if (isEmptied) await this.#data.remove(gfid);`, to: `` },
    ],
    tests: kept,
  },
  {
    rule: "a blob that the record refers to since a commit that was in doubt stays",
    edits: [
      {
        file: `${src}/tree/contents.ts`,
        from: `return record?.keptBytes !== undefined;`,
        to: `return true;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a blob that was there before an attempt stays when that fails",
    edits: [{ file: `${src}/tree/contents.ts`, from: `if (isNew) await`, to: `await` }],
    tests: kept,
  },
  {
    rule: "a file that gets a blob has the times that it had",
    edits: [
      {
        file: `${src}/tree/contents.ts`,
        from: `const dataStampMs = this.#data.stat(gfid)?.wallModifiedMs ?? 0;`,
        to: `const dataStampMs = 0;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a kept content is a copy",
    edits: [{ file: `${src}/tree/tree-context.ts`, from: `Uint8Array.from(content)`, to: `content` }],
    tests: kept,
  },
  {
    rule: "records that take much of the medium keep no more contents",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: ` && store.meta.share() <= options.keptShareMax`,
        to: ` && store.bootCount > 0`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a preparation that waited for a blob is admitted anew",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `    context.guard.checkToken(gfid, record, token);
    checkMadeUnder(gfid, record, madeUnder);
    return record;`,
        to: `    return record;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "an adoption of an empty target, made again, empties nothing",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `const emptied = isEmpty ? record : emptyWithin`,
        to: `const emptied = isEmpty && gfid === "" ? record : emptyWithin`,
      },
    ],
    tests: migration,
  },
  {
    rule: "a removed file leaves no blob of an attempt that failed",
    edits: [
      {
        file: `${src}/tree/tree-context.ts`,
        from: `    if (isRegular(record)) this.#blobs.push(gfid);`,
        to: `    if (isRegular(record) && record.keptBytes === undefined) this.#blobs.push(gfid);`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a file is held while its content is brought into a blob",
    edits: [{ file: `${src}/tree/contents.ts`, from: `    this.#context.open.hold(gfid);`, to: `` }],
    tests: kept,
  },
  {
    rule: "a kept content goes with its record",
    edits: [
      {
        file: `${src}/tree/tree-records.ts`,
        from: `    this.#tx.delete(objectKey(RecordKind.content, gfid));`,
        to: ``,
      },
    ],
    tests: kept,
  },
  {
    rule: "the content that a file keeps goes as soon as the file has moved",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `  return { ...record, keptBytes: 0 };`,
        to: `  return record;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "a start after a kill removes a blob that a kept content has not come into",
    edits: [
      {
        file: `${src}/tree/recovery.ts`,
        from: `if (record !== undefined && record.keptBytes === undefined) continue;`,
        to: `if (record !== undefined) continue;`,
      },
    ],
    tests: kept,
  },
  {
    rule: "of changes that are made together one that fails fails alone",
    edits: [
      {
        file: `${src}/tree/gathered-changes.ts`,
        from: `      if (gathered.length === 1) gathered[0]?.reject(error);
      else for (const one of gathered) await this.#make([one]);`,
        to: `      for (const { reject } of gathered) reject(error);`,
      },
    ],
    tests: ["packages/brick/test/tree/gathered-changes.test.ts"],
  },
  {
    rule: "a target gets the size of the source",
    edits: [
      {
        file: `${src}/tree/migration-calls.ts`,
        from: `() => context.store.data.truncate(gfid, attributes.size))`,
        to: `async () => {})`,
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
        from: `  if (isUntouched) return true;
`,
        to: `  if (isUntouched || context.dev > 0n) return true;
`,
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
