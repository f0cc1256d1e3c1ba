import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

const BLOCK_BYTES = 4_096;

/** Writes numbered blocks to one open file, one after the other, each until it is acknowledged. */
export class DurableWriter {
  /** Blocks that were acknowledged. */
  acknowledged = 0;
  /** Answers that were ENOTCONN, or another error that a lost brick makes of a call on a mount. */
  readonly refusals: string[] = [];
  readonly #file: FileHandle;
  readonly #isSynced: boolean;
  #isStopped = false;
  readonly #done: Promise<void>;

  private constructor(file: FileHandle, isSynced: boolean) {
    this.#file = file;
    this.#isSynced = isSynced;
    this.#done = this.#run();
  }

  /** @param isSynced whether a block counts as acknowledged only when an fdatasync after it was */
  static async start(path: string, isSynced: boolean): Promise<DurableWriter> {
    return new DurableWriter(await open(path, "w+"), isSynced);
  }

  /** Stops after the block that is being written, and closes the file. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
    await this.#file.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const content = blockContent(this.acknowledged);
      try {
        const { bytesWritten } = await this.#file.write(
          content,
          0,
          BLOCK_BYTES,
          this.acknowledged * BLOCK_BYTES,
        );
        if (this.#isSynced) await this.#file.datasync();
        if (bytesWritten === BLOCK_BYTES) this.acknowledged += 1;
      } catch (error) {
        this.refusals.push((error as NodeJS.ErrnoException).code ?? String(error));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Numbers of acknowledged blocks that do not hold what was written. */
export function lostBlocks(content: Uint8Array, acknowledged: number): number[] {
  const lost: number[] = [];
  for (let index = 0; index < acknowledged; index += 1) {
    const block = content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    if (Buffer.compare(block, blockContent(index)) !== 0) lost.push(index);
  }
  return lost;
}

function blockContent(index: number): Buffer {
  return Buffer.alloc(BLOCK_BYTES, createHash("sha256").update(`block ${index}`).digest());
}
