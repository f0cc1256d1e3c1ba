import type { Gfid } from "@brickshift/wire";
import type { MetaStore } from "../store/store.js";
import type { InodeRecord } from "./inode-record.js";
import { TreeRecords } from "./tree-records.js";

/** Inodes that are remembered, at most; then all are forgotten. A record has some hundred bytes, with large xattrs up to 64 KiB. */
const REMEMBERED_MAX = 256;

/**
 * The records as they are outside of transactions. An inode that was read is remembered for as long as no record changes: a fop asks
 * for its inode up to nine times, and a file that is written changes no record until its times are kept.
 */
export class RememberedRecords extends TreeRecords {
  readonly #meta: MetaStore;
  readonly #inodes = new Map<Gfid, InodeRecord>();
  #version: number | undefined;

  constructor(meta: MetaStore) {
    super(meta);
    this.#meta = meta;
  }

  override inode(gfid: Gfid): InodeRecord | undefined {
    const version = this.#meta.version();
    if (version === undefined) return super.inode(gfid);
    if (version !== this.#version) this.#inodes.clear();
    this.#version = version;
    const known = this.#inodes.get(gfid);
    if (known !== undefined) return known;
    const record = super.inode(gfid);
    if (this.#inodes.size >= REMEMBERED_MAX) this.#inodes.clear();
    if (record !== undefined) this.#inodes.set(gfid, record);
    return record;
  }
}
