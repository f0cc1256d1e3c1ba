import type { FuzzTarget } from "./target.js";

/** Tries that are made to shrink one input. */
const TRIES_MAX = 2_000;

/** The shortest input that was found to fail as `bytes` does: parts are left out as long as it still fails. */
export async function shrinkInput(target: FuzzTarget, bytes: Uint8Array): Promise<Uint8Array> {
  let shortest = bytes;
  let tries = 0;
  for (let part = Math.max(1, bytes.length >> 1); part > 0; part >>= 1) {
    for (let at = 0; at < shortest.length && tries < TRIES_MAX; tries += 1) {
      const shorter = Uint8Array.from(
        Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + part)]),
      );
      if (await fails(target, shorter)) shortest = shorter;
      else at += part;
    }
  }
  return shortest;
}

async function fails(target: FuzzTarget, bytes: Uint8Array): Promise<boolean> {
  try {
    await target.run(bytes);
    return false;
  } catch {
    return true;
  }
}
