import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

const SIZE = "24m";
const PIECE_BYTES = 262_144;

/** Whether a file system can be mounted here: that takes root. */
export function canMount(): boolean {
  return process.getuid?.() === 0;
}

/** A file system in memory that is small enough to be filled. */
export class SmallDisk {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static mount(directory: string): SmallDisk {
    mkdirSync(directory, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", directory], { stdio: "pipe" });
    return new SmallDisk(directory);
  }

  /** Leaves so many bytes free, or fewer. */
  fill(leftBytes: number): void {
    const fd = openSync(this.#ballast, "w");
    try {
      for (;;) {
        const bytes = Math.min(PIECE_BYTES, this.#freeBytes() - leftBytes);
        if (bytes <= 0) return;
        writeSync(fd, Buffer.alloc(bytes));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** There is room again. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.directory], { stdio: "pipe" });
  }

  get #ballast(): string {
    return join(this.directory, "ballast");
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }
}
