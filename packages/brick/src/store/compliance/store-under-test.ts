import type { Gfid } from "@brickshift/wire";
import { randomGfid } from "../../host-driver.js";
import type { BrickStore } from "../store.js";

/** A store that the suite may open, close and open again. */
export interface StoreUnderTest {
  /** Opens the store; the same one each time. */
  open(): Promise<BrickStore>;
  /** Ends the open store as a kill of its process would: `open` finds what that leaves. */
  crash(): Promise<void>;
  /** Closes what is open and removes the store. */
  teardown(): Promise<void>;
}

/** A fresh gfid. */
export function newGfid(): Gfid {
  return randomGfid();
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** `length` bytes that differ from those of every other `seed`, none of them zero. */
export function pattern(length: number, seed: number): Uint8Array {
  const filled = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) filled[index] = ((index * 31 + seed * 7) % 255) + 1;
  return filled;
}

/** Repeatable chance: numbers below `bound`. */
export function chance(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

/** Everything in a blob. */
export async function content(store: BrickStore, gfid: Gfid): Promise<Uint8Array> {
  const size = store.data.stat(gfid)?.size ?? 0;
  const into = new Uint8Array(size + 16);
  return into.subarray(0, await store.data.read(gfid, 0, into));
}
