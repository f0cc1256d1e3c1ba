import { fdatasync, ftruncate, read, readSync, unlink, write, writeSync } from "node:fs";

/** Reads at `offset` until `into` is full or the file ends, without the thread pool. */
export function readFullySync(fd: number, offset: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(fd, into, done, into.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Reads at `offset` until `into` is full or the file ends, in the thread pool. */
export async function readFullyPooled(fd: number, offset: number, into: Uint8Array): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await readPooled(fd, into, done, into.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes` at `offset`, without the thread pool. */
export function writeFullySync(fd: number, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  }
}

/** Writes all of `bytes` at `offset` in the thread pool. */
export async function writeFullyPooled(fd: number, offset: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = done;
    done += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, at, bytes.length - at, offset + at, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }
}

/** ftruncate in the thread pool: to give back the room of a big file takes long. */
export function truncatePooled(fd: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    ftruncate(fd, size, (error) => (error ? reject(error) : resolve()));
  });
}

/** fdatasync in the thread pool: the kernel commits many of them as one. */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error ? reject(error) : resolve()));
  });
}

/** Success when there is no such file. */
export function removeFile(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    unlink(path, (error) => (error && error.code !== "ENOENT" ? reject(error) : resolve()));
  });
}

function readPooled(
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, at, length, offset, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
