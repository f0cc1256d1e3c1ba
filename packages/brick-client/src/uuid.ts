import type { Random } from "@brickshift/rpc";
import { gfidFromBytes } from "@brickshift/wire";

/** A random uuid, version 4. It tells clients apart and keeps no secret. Source: RFC 9562 section 5.4. */
export function uuidFromRandom(random: Random): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random.next() * 256));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return gfidFromBytes(bytes);
}
