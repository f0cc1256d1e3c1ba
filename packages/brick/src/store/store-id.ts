import { type Gfid, parseGfid } from "@brickshift/wire";

/** A fresh identity for a store: a random uuid, as text. */
export function newStoreId(): Gfid {
  return parseGfid(globalThis.crypto.randomUUID());
}
