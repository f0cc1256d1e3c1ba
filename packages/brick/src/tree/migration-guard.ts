import type { Gfid } from "@brickshift/wire";
import { type InodeRecord, linktoOf } from "./inode-record.js";
import type { Access, FenceToken } from "./tree.js";
import type { TreeContext } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import type { TreeRecords } from "./tree-records.js";

/** What a call does to an inode. */
export type Use = "read" | "data" | "attributes";

/** @throws TreeError `TREE_MIGRATING` for a prepared target: it may hold the only data by now. */
export function checkNotPrepared(gfid: Gfid, record: InodeRecord): void {
  if (record.target?.phase !== "prepared") return;
  throw new TreeError("TREE_MIGRATING", `${gfid} is prepared to become the data file`);
}

/**
 * Who may touch an inode on the move. The highest fence of a target is noted before a call under it is admitted, so that it survives
 * a kill: what its runner sent before must stay out also after a restart of the brick, over any connection. A power cut ends
 * every connection, and what was written under that fence is not relied on then: only the steps that give the target to another
 * runner, or close it, are to survive that.
 */
export class MigrationGuard {
  readonly #context: TreeContext;
  /** Fences on their way into the records. They count at once, so that lower ones are refused from now on. */
  readonly #raised = new Map<Gfid, bigint>();
  /** Targets that are being prepared: their data stays as it is. */
  readonly #sealed = new Set<Gfid>();

  constructor(context: TreeContext) {
    this.#context = context;
  }

  /** Raises the fence when the token's is higher and its source the right one; resolves when that survives a kill. */
  async raise(gfid: Gfid, token: FenceToken | undefined): Promise<void> {
    if (token === undefined) return;
    const target = this.#context.records.inode(gfid)?.target;
    if (target === undefined || target.source !== token.source) return;
    if (token.fence <= target.fence) return;
    if (token.fence > (this.#raised.get(gfid) ?? 0n)) this.#raised.set(gfid, token.fence);
    try {
      await this.#context.change((change) => {
        const record = change.inode(gfid);
        if (record?.target?.source !== token.source || token.fence <= record.target.fence) return;
        change.putInode(gfid, { ...record, target: { ...record.target, fence: token.fence } });
      }, "kill");
    } finally {
      if (this.#raised.get(gfid) === token.fence) this.#raised.delete(gfid);
    }
  }

  /**
   * The record, when `access` may use it so.
   * @throws TreeError `TREE_STALE`, `TREE_MOVED`, `TREE_FENCED`, `TREE_MIGRATING`.
   */
  admit(
    gfid: Gfid,
    access: Access | undefined,
    use: Use,
    records: TreeRecords = this.#context.records,
  ): InodeRecord {
    const record = records.needInode(gfid);
    if (record.target !== undefined) {
      this.#admitToTarget(gfid, record, access, use);
      return record;
    }
    if (access?.token !== undefined) throw new TreeError("TREE_FENCED", `${gfid} is no migration target`);
    if (access?.internal === true) return record;
    const linkto = linktoOf(record);
    if (linkto !== undefined) throw new TreeError("TREE_MOVED", `${gfid} is on ${linkto}`, linkto);
    return record;
  }

  /** @throws TreeError `TREE_FENCED` unless `token` is the target's, with a fence not lower than the highest. */
  checkToken(gfid: Gfid, record: InodeRecord, token: FenceToken): void {
    const { target } = record;
    if (target === undefined) throw new TreeError("TREE_FENCED", `${gfid} is no migration target`);
    if (token.source !== target.source)
      throw new TreeError("TREE_FENCED", `${gfid} is filled from ${target.source}`);
    const raised = this.#raised.get(gfid) ?? 0n;
    const highest = raised > target.fence ? raised : target.fence;
    if (token.fence < highest)
      throw new TreeError("TREE_FENCED", `fence ${token.fence}, ${highest} was seen`);
  }

  /** Runs `work` while nobody may change the data of the target. */
  async sealed<T>(gfid: Gfid, work: () => Promise<T>): Promise<T> {
    if (this.#sealed.has(gfid)) throw new TreeError("TREE_MIGRATING", `${gfid} is being prepared`);
    this.#sealed.add(gfid);
    try {
      return await work();
    } finally {
      this.#sealed.delete(gfid);
    }
  }

  #admitToTarget(gfid: Gfid, record: InodeRecord, access: Access | undefined, use: Use): void {
    const token = access?.token;
    if (token === undefined) {
      const linkto = linktoOf(record);
      if (access?.internal === true) throw new TreeError("TREE_MIGRATING", `${gfid} is a migration target`);
      throw new TreeError("TREE_MOVED", `${gfid} is on ${linkto}`, linkto);
    }
    this.checkToken(gfid, record, token);
    if (use === "read") return;
    if (use === "attributes")
      throw new TreeError("TREE_MIGRATING", "a target gets its attributes when prepared");
    checkNotPrepared(gfid, record);
    if (this.#sealed.has(gfid)) throw new TreeError("TREE_MIGRATING", `${gfid} is being prepared`);
  }
}
