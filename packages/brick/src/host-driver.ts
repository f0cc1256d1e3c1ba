import { randomBytes } from "node:crypto";
import { type Gfid, parseGfid } from "@brickshift/wire";

/** The host's wall clock, in ms since 1970. */
export function hostWallMs(): number {
  return Date.now();
}

/** The host's wall clock, in ns since 1970, of whole milliseconds. */
export function hostWallNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** The host's monotonic clock, in ms with fraction. */
export function hostMonotonicMs(): number {
  return performance.now();
}

/** A fresh random uuid in the text form of a gfid. */
export function randomGfid(): Gfid {
  return parseGfid(globalThis.crypto.randomUUID());
}

/** Random bytes of the host. */
export function hostRandom(length: number): Uint8Array {
  return randomBytes(length);
}

/** Calls `work` after some time, unless the process ends before: it does not keep it alive. @returns what takes it back. */
export function hostLater(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
