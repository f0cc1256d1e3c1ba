import { randomUUID } from "node:crypto";
import { createWriteStream, type Dirent } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import pLimit from "p-limit";
import type { BrickClient } from "@brickshift/brick-client";
import { type Gfid, gfidValue, NO_IATT, ROOT_GFID } from "@brickshift/wire";
import { generatedContent } from "./generated-content.js";
import type { ManifestFile } from "./manifest.js";

/** What is put on the source brick before the move. */
export interface FillPlan {
  /** Directory whose tree is copied. */
  readonly fromDirectory: string;
  /** How many generated large files are added, and how large each is, in bytes (a multiple of 8). */
  readonly largeFiles: number;
  readonly largeBytes: number;
  /** Where the manifest is written. */
  readonly manifestPath: string;
}

/** What {@link fillBrick} has put there so far. */
export interface FillProgress {
  files: number;
  bytes: number;
  directories: number;
  symlinks: number;
}

const pieceBytes = 1_048_576;
const concurrency = 32;
const validModeAndTimes = 0x1 | 0x10 | 0x20;
const createExclusive = 0xc2;

interface Task {
  readonly parent: Gfid;
  readonly name: string;
  readonly path: string;
  readonly origin: ManifestFile["origin"];
}

/** Copies a directory tree and the large files to a brick through its client, and writes the manifest. */
export async function fillBrick(client: BrickClient, plan: FillPlan, progress: FillProgress): Promise<void> {
  const manifest = createWriteStream(plan.manifestPath);
  const limit = pLimit(concurrency);
  let index = 0;
  const putOne = async (task: Task) => {
    const file = await putFile(client, task, index++, plan.largeBytes);
    progress.files += 1;
    progress.bytes += file.sizeBytes;
    manifest.write(`${JSON.stringify(file)}\n`);
  };
  const large = Array.from({ length: plan.largeFiles }, (_, number) => {
    const name = `large-${number}.img`;
    return limit(() => putOne({ parent: ROOT_GFID, name, path: name, origin: { seed: number + 1 } }));
  });
  // Directories are walked side by side: each waits for the one above it only.
  const walk = async (directory: string, parent: Gfid, path: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true });
    await limit.map(entries, (entry) => putEntry(client, entry, parent, path, progress, putOne));
    const below = entries.filter((entry) => entry.isDirectory());
    await Promise.all(
      below.map(async (entry) => {
        const to = childPath(path, entry.name);
        const gfid = newGfid();
        await limit(() =>
          client.fops.mkdir({ pargfid: parent, mode: 0o755, bname: entry.name, xdata: asking(gfid) }),
        );
        progress.directories += 1;
        await walk(join(directory, entry.name), gfid, to);
      }),
    );
  };
  await Promise.all([...large, walk(plan.fromDirectory, ROOT_GFID, "")]);
  manifest.end();
  await finished(manifest);
}

async function putEntry(
  client: BrickClient,
  entry: Dirent,
  parent: Gfid,
  path: string,
  progress: FillProgress,
  putOne: (task: Task) => Promise<void>,
): Promise<void> {
  const from = join(entry.parentPath, entry.name);
  if (entry.isFile()) {
    await putOne({ parent, name: entry.name, path: childPath(path, entry.name), origin: { file: from } });
  } else if (entry.isSymbolicLink()) {
    const linkname = await readlink(from);
    await client.fops.symlink({ pargfid: parent, bname: entry.name, linkname, xdata: asking(newGfid()) });
    progress.symlinks += 1;
  }
}

function childPath(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

async function putFile(
  client: BrickClient,
  task: Task,
  index: number,
  largeBytes: number,
): Promise<ManifestFile> {
  const gfid = newGfid();
  const { fd } = await client.fops.create({
    pargfid: task.parent,
    flags: createExclusive,
    mode: 0o644,
    umask: 0,
    bname: task.name,
    xdata: asking(gfid),
  });
  const origin = task.origin;
  const attributes =
    "file" in origin
      ? await putCopy(client, gfid, fd, origin.file)
      : await putGenerated(client, gfid, fd, origin.seed, largeBytes);
  const { mtimeSec, mtimeNsec, mode } = attributes;
  await client.fops.fsetattr({
    gfid,
    fd,
    stbuf: { ...NO_IATT, mode, mtime: mtimeSec, mtimeNsec, atime: mtimeSec, atimeNsec: mtimeNsec },
    valid: validModeAndTimes,
    xdata: null,
  });
  await client.fops.release({ gfid, fd, xdata: null });
  return { index, path: task.path, gfid, ...attributes, origin };
}

type Attributes = Pick<ManifestFile, "sizeBytes" | "mode" | "mtimeSec" | "mtimeNsec">;

async function putCopy(client: BrickClient, gfid: Gfid, fd: bigint, file: string): Promise<Attributes> {
  const stat = await lstat(file, { bigint: true });
  const handle: FileHandle = await open(file, "r");
  let offset = 0;
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafe(Math.min(pieceBytes, Number(stat.size) + 1)),
        0,
        undefined,
        offset,
      );
      if (bytesRead === 0) break;
      const payload = buffer.subarray(0, bytesRead);
      await client.fops.write({ gfid, fd, offset, size: bytesRead, flag: 0, xdata: null, payload });
      offset += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return {
    sizeBytes: offset,
    mode: Number(stat.mode),
    mtimeSec: Number(stat.mtimeNs / 1_000_000_000n),
    mtimeNsec: Number(stat.mtimeNs % 1_000_000_000n),
  };
}

async function putGenerated(
  client: BrickClient,
  gfid: Gfid,
  fd: bigint,
  seed: number,
  sizeBytes: number,
): Promise<Attributes> {
  for (let offset = 0; offset < sizeBytes; offset += pieceBytes) {
    const payload = generatedContent(seed, offset, Math.min(pieceBytes, sizeBytes - offset));
    await client.fops.write({ gfid, fd, offset, size: payload.length, flag: 0, xdata: null, payload });
  }
  return { sizeBytes, mode: 0o100644, mtimeSec: 1_454_700_000, mtimeNsec: 123_456_789 };
}

function newGfid(): Gfid {
  return randomUUID() as Gfid;
}

function asking(gfid: Gfid) {
  return new Map([["gfid-req", gfidValue(gfid)]]);
}
