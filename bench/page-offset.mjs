/**
 * What it costs to copy between the page cache and memory that begins at various places within a page, in µs/MiB. The C library puts large
 * memory 16 bytes into a page, which is the place where a processor may be slow: `ArrayBuffer`s begin there.
 *
 *   node bench/page-offset.mjs [DIRECTORY]      (default: /dev/shm)
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const MIB = 1_048_576;
const MALLOC_OFFSET = 16;
const FILE_MIB = 32;
const ROUNDS = 7;

const scratch = mkdtempSync(join(process.argv[2] ?? "/dev/shm", "page-offset-"));
const fd = openSync(join(scratch, "file"), "w+");
const memory = new ArrayBuffer(4 * MIB);

/** The best of several rounds over the file. */
function microsecondsPerMib(call, bytes) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAtMs = performance.now();
    for (let at = 0; at < FILE_MIB * MIB; at += bytes.length) call(fd, bytes, 0, bytes.length, at);
    return ((performance.now() - startedAtMs) * 1_000) / FILE_MIB;
  });
  return Math.round(Math.min(...rounds));
}

try {
  for (const offset of [0, 16, 32, 64, 512, 2_048, 4_032, 4_064]) {
    const bytes = new Uint8Array(memory, offset, MIB);
    const write = microsecondsPerMib(writeSync, bytes);
    const read = microsecondsPerMib(readSync, bytes);
    console.log(`${MALLOC_OFFSET + offset} bytes into a page: read ${read}, write ${write}`);
  }
} finally {
  closeSync(fd);
  rmSync(scratch, { recursive: true });
}
