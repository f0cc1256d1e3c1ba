import { WireError } from "./errors.js";

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Identity of an inode: 16 bytes, kept as lower-case RFC 4122 text (36 characters). */
export type Gfid = Branded<string, "Gfid">;
/** Identity of a lease: 16 bytes, kept as 32 lower-case hex digits. */
export type LeaseId = Branded<string, "LeaseId">;
/** A number that only grows on one brick, also across restarts; unsigned 64 bits. */
export type Epoch = Branded<bigint, "Epoch">;
/** Identity of a client of a brick: one connection's `process-uuid`. */
export type ClientUid = Branded<string, "ClientUid">;

/** The root directory of every brick. */
export const ROOT_GFID = "00000000-0000-0000-0000-000000000001" as Gfid;
/** No inode. */
export const NULL_GFID = "00000000-0000-0000-0000-000000000000" as Gfid;

const digits = "0123456789abcdef";
/** Character codes of the first and the second hex digit of each byte. */
const firstDigits = Uint8Array.from({ length: 256 }, (_, byte) => digits.charCodeAt(byte >> 4));
const secondDigits = Uint8Array.from({ length: 256 }, (_, byte) => digits.charCodeAt(byte & 15));
const dash = 45;
const gfidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const leaseIdPattern = /^[0-9a-f]{32}$/;

/** Text of the 16 bytes at `offset`. @throws {@link WireError} `WIRE_TRUNCATED` when fewer are there. */
export function gfidFromBytes(bytes: Uint8Array, offset = 0): Gfid {
  if (bytes.length - offset < 16) throw new WireError("WIRE_TRUNCATED", "a gfid is 16 bytes");
  if (isZero(bytes, offset)) return NULL_GFID;
  const at = offset;
  // One call with all characters makes a flat string, twice as fast as adding up its parts, and gfids are
  // looked up in maps right away.
  const text = String.fromCharCode(
    first(bytes, at),
    second(bytes, at),
    first(bytes, at + 1),
    second(bytes, at + 1),
    first(bytes, at + 2),
    second(bytes, at + 2),
    first(bytes, at + 3),
    second(bytes, at + 3),
    dash,
    first(bytes, at + 4),
    second(bytes, at + 4),
    first(bytes, at + 5),
    second(bytes, at + 5),
    dash,
    first(bytes, at + 6),
    second(bytes, at + 6),
    first(bytes, at + 7),
    second(bytes, at + 7),
    dash,
    first(bytes, at + 8),
    second(bytes, at + 8),
    first(bytes, at + 9),
    second(bytes, at + 9),
    dash,
    first(bytes, at + 10),
    second(bytes, at + 10),
    first(bytes, at + 11),
    second(bytes, at + 11),
    first(bytes, at + 12),
    second(bytes, at + 12),
    first(bytes, at + 13),
    second(bytes, at + 13),
    first(bytes, at + 14),
    second(bytes, at + 14),
    first(bytes, at + 15),
    second(bytes, at + 15),
  );
  return text as Gfid;
}

/** Writes the 16 bytes of `gfid` to `target` at `offset`. */
export function writeGfid(gfid: Gfid, target: Uint8Array, offset = 0): void {
  let at = 0;
  for (let index = 0; index < 16; index += 1) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at += 1;
    target[offset + index] = (nibble(gfid.charCodeAt(at)) << 4) | nibble(gfid.charCodeAt(at + 1));
    at += 2;
  }
}

/** The 16 bytes of `gfid`, newly allocated. */
export function gfidToBytes(gfid: Gfid): Uint8Array {
  const bytes = new Uint8Array(16);
  writeGfid(gfid, bytes);
  return bytes;
}

/** @throws {@link WireError} `WIRE_VALUE` when `text` is not a gfid in RFC 4122 form. */
export function parseGfid(text: string): Gfid {
  const lower = text.toLowerCase();
  if (!gfidPattern.test(lower)) throw new WireError("WIRE_VALUE", `"${text}" is not a gfid`);
  return lower as Gfid;
}

/** Hex text of the 16 bytes at `offset`. @throws {@link WireError} `WIRE_TRUNCATED`. */
export function leaseIdFromBytes(bytes: Uint8Array, offset = 0): LeaseId {
  if (bytes.length - offset < 16) throw new WireError("WIRE_TRUNCATED", "a lease-id is 16 bytes");
  const codes: number[] = [];
  for (let at = offset; at < offset + 16; at += 1) codes.push(first(bytes, at), second(bytes, at));
  // Flat, as a gfid: a text that is added up stays a tree, which takes three times the memory in a million leases.
  return String.fromCharCode(...codes) as LeaseId;
}

/** The 16 bytes of `leaseId`, newly allocated. */
export function leaseIdToBytes(leaseId: LeaseId): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let index = 0; index < 16; index += 1) {
    bytes[index] = (nibble(leaseId.charCodeAt(index * 2)) << 4) | nibble(leaseId.charCodeAt(index * 2 + 1));
  }
  return bytes;
}

/** @throws {@link WireError} `WIRE_VALUE` when `text` is not 32 hex digits. */
export function parseLeaseId(text: string): LeaseId {
  const lower = text.toLowerCase();
  if (!leaseIdPattern.test(lower)) throw new WireError("WIRE_VALUE", `"${text}" is not a lease-id`);
  return lower as LeaseId;
}

/**
 * A lease-id from 15 random bytes: each is made non-zero and a zero is added, because stock bricks
 * compare lease-ids as C strings.
 */
export function leaseIdFromRandom(random: Uint8Array): LeaseId {
  const bytes = new Uint8Array(16);
  for (let index = 0; index < 15; index += 1) bytes[index] = (random[index] ?? 0) || 1;
  return leaseIdFromBytes(bytes);
}

function isZero(bytes: Uint8Array, offset: number): boolean {
  for (let at = offset; at < offset + 16; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function first(bytes: Uint8Array, at: number): number {
  return firstDigits[bytes[at] as number] as number;
}

function second(bytes: Uint8Array, at: number): number {
  return secondDigits[bytes[at] as number] as number;
}

function nibble(charCode: number): number {
  // "0".."9" are 48..57, "a".."f" are 97..102.
  return charCode < 58 ? charCode - 48 : charCode - 87;
}
