import { type Gfid, NULL_GFID, XdrReader, XdrWriter } from "@brickshift/wire";
import type { KnownCommit } from "./tree.js";
import type { TreeChange, TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";

/** Above every epoch: of a store that was made before commits were remembered none is known. */
const NEVER = (1n << 64n) - 1n;

/**
 * The commits by which files moved away from this brick, each until a runner has seen the file published: a client may remove the
 * link file before that, and then only this tells that the other brick has the one copy.
 */
export class CommitRecords {
  readonly #context: TreeContext;
  /** How many there are; at most as many more as transactions failed. Counted when first needed. */
  #count: number | undefined;

  constructor(context: TreeContext) {
    this.#context = context;
  }

  of(gfid: Gfid, records = this.#context.records): KnownCommit | undefined {
    const bytes = records.bytesOf(RecordKind.commit, gfid);
    if (bytes === undefined) return undefined;
    try {
      const reader = new XdrReader(bytes);
      return { epoch: reader.u64(), linkto: reader.name() };
    } catch (error) {
      throw new TreeError(
        "TREE_DAMAGED",
        `the commit of ${gfid} does not decode (${String(error)}); run fsck`,
      );
    }
  }

  /** Commits of higher epochs are all remembered, but for those that were published. */
  get since(): bigint {
    const bytes = this.#context.records.bytesOf(RecordKind.commit, NULL_GFID);
    return bytes === undefined ? NEVER : new XdrReader(bytes).u64();
  }

  /** Within the commit's own transaction. */
  note(change: TreeChange, gfid: Gfid, { epoch, linkto }: KnownCommit): void {
    this.#count ??= this.#all().length;
    // A file that came back and moves away again takes the place that it has.
    if (change.bytesOf(RecordKind.commit, gfid) === undefined) {
      if (this.#count >= this.#context.options.commitsMax) this.#forgetOldest(change);
      this.#count += 1;
    }
    const writer = new XdrWriter(64);
    writer.u64(epoch);
    writer.name(linkto);
    change.putBytes(RecordKind.commit, gfid, writer.finish()[0] as Uint8Array);
  }

  /** Forgets a commit that was made under `epoch` or a lower one. */
  async forget(gfid: Gfid, epoch: bigint): Promise<void> {
    const known = this.of(gfid);
    if (known === undefined || known.epoch > epoch) return;
    let isForgotten = false;
    await this.#context.gathered.change((change) => {
      isForgotten = (this.of(gfid, change)?.epoch ?? NEVER) <= epoch;
      if (isForgotten) change.deleteBytes(RecordKind.commit, gfid);
    });
    if (isForgotten && this.#count !== undefined) this.#count -= 1;
  }

  #forgetOldest(change: TreeChange): void {
    const oldestFirst = this.#all().sort((one, other) => (one.epoch < other.epoch ? -1 : 1));
    const gone = oldestFirst.splice(0, Math.ceil(this.#context.options.commitsMax / 4));
    for (const { gfid } of gone) change.deleteBytes(RecordKind.commit, gfid);
    this.#count = oldestFirst.length;
    const last = gone.at(-1)?.epoch;
    if (last !== undefined && last > this.since) putSince(change, last);
  }

  #all(): { readonly gfid: Gfid; readonly epoch: bigint }[] {
    // That of no gfid comes first, and is none.
    return this.#context.records
      .objects(RecordKind.commit, NULL_GFID)
      .map((gfid) => ({ gfid, epoch: this.of(gfid)?.epoch ?? 0n }));
  }
}

/** Commits under higher epochs than `since` are remembered from now on. */
export function putSince(change: TreeChange, since: bigint): void {
  const writer = new XdrWriter(8);
  writer.u64(since);
  change.putBytes(RecordKind.commit, NULL_GFID, writer.finish()[0] as Uint8Array);
}
