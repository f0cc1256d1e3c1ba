import { type Epoch, Errno } from "@brickshift/wire";
import { isErrno } from "./fop-failure.js";

/** Bytes written between the beginnings of two syncs. Small enough that a disk is busy while others copy; large enough to cost nothing. */
const SYNC_EVERY_BYTES = 16_777_216;

/**
 * Has a target brought to the disk while it is being copied, one sync at a time, so that little is left to do when the copy
 * ends. It replaces no sync: it makes the last one short.
 */
export class SyncAhead {
  readonly #sync: (fence: Epoch) => Promise<void>;
  #writtenBytes = 0;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param sync brings to the disk what was written so far, under that fence. */
  constructor(sync: (fence: Epoch) => Promise<void>) {
    this.#sync = sync;
  }

  /** `bytes` more were written under `fence`. */
  written(bytes: number, fence: Epoch): void {
    this.#writtenBytes += bytes;
    if (this.#writtenBytes < SYNC_EVERY_BYTES || this.#underWay !== undefined) return;
    this.#writtenBytes = 0;
    this.#underWay = this.#run(fence);
  }

  /**
   * Resolves when none is under way. Rejects with what any of them was rejected with: an operating system tells a failed write to the
   * disk once, and the next sync may succeed although the bytes are lost.
   */
  async settled(): Promise<void> {
    await this.#underWay;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(fence: Epoch): Promise<void> {
    try {
      await this.#sync(fence);
    } catch (error) {
      // A newer fence has come meanwhile, ours or another runner's; nothing was synced, and the last sync says which.
      if (!isErrno(error, Errno.ESTALE)) this.#failure ??= { error };
    } finally {
      this.#underWay = undefined;
    }
  }
}
