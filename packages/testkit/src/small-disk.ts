import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

const PIECE_BYTES = 262_144;

/**
 * A file system of its own, in memory, that is small enough to be filled: there is no other way to a disk that is really full.
 * It takes Linux, and root.
 */
export class SmallDisk {
  /** Where it is mounted. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Whether one can be mounted here, in a container perhaps not even then. */
  static canMount(): boolean {
    return process.platform === "linux" && process.getuid?.() === 0;
  }

  /**
   * Mounts one of so many bytes at a directory, which is made where it is missing.
   * @throws Error where the system refuses to, with what it takes.
   */
  static mount(directory: string, sizeBytes: number): SmallDisk {
    mkdirSync(directory, { recursive: true });
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", directory], {
        stdio: "pipe",
      });
    } catch (cause) {
      const message = `cannot mount a file system of ${sizeBytes} bytes: be root, with CAP_SYS_ADMIN in a container`;
      throw new Error(message, { cause });
    }
    return new SmallDisk(directory);
  }

  /** How much can still be written. */
  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }

  /** Fills it with a file of its own until so many bytes are free, or fewer where others write meanwhile. */
  fill(leftBytes = 0): void {
    const fd = openSync(this.#ballast, "w");
    try {
      for (;;) {
        const bytes = Math.min(PIECE_BYTES, this.freeBytes - leftBytes);
        if (bytes <= 0) return;
        writeSync(fd, Buffer.alloc(bytes));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** Removes what {@link fill} has written. */
  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Ends it, with all that is on it; who has something of it open keeps that. */
  unmount(): void {
    execFileSync("umount", ["-l", this.directory], { stdio: "pipe" });
  }

  get #ballast(): string {
    return join(this.directory, "ballast");
  }
}
