import { mkdirSync } from "node:fs";
import { succeed } from "./command.js";
import type { Scratch } from "./scratch.js";

/** A file system of its own, in memory, of so many bytes, below the scratch directory; its path. */
export async function mountSmallDisk(scratch: Scratch, name: string, sizeBytes: number): Promise<string> {
  const path = scratch.path(name);
  mkdirSync(path);
  await succeed("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path]);
  scratch.onEnd(async () => void (await succeed("umount", ["-l", path])));
  return path;
}
