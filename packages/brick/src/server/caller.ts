import type { Auth } from "@brickshift/wire";

/** On whose behalf a call is made, from its AUTH header. */
export interface Caller {
  /** Process of the application; below 0 for Gluster's internal clients. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Owner of locks, as hex text; empty when there is none. */
  readonly lkOwner: string;
}

const NOBODY_IN_PARTICULAR: Caller = { pid: 0, uid: 0, gid: 0, groups: [], lkOwner: "" };

/**
 * The caller of a call. A call without credentials is root's, as on a stock brick: who may speak to the brick
 * was decided at SETVOLUME.
 * Source: measured, AUTH_NULL and unknown flavors are accepted for every program (`rpc-errors`).
 */
export function callerOf(auth: Auth): Caller {
  if (auth.flavor === "null" || auth.flavor === "unknown") return NOBODY_IN_PARTICULAR;
  const { uid, gid, groups } = auth;
  if (auth.flavor === "unix") return { ...NOBODY_IN_PARTICULAR, uid, gid, groups };
  return { pid: auth.pid, uid, gid, groups, lkOwner: lkOwnerText(auth.lkOwner) };
}

/** The bytes of a lock owner from its hex text. */
export function lkOwnerBytes(lkOwner: string): Uint8Array {
  const bytes = new Uint8Array(lkOwner.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(lkOwner.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

const hexDigits = "0123456789abcdef";

/** The hex text of a lock owner. */
export function lkOwnerText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += `${hexDigits[byte >> 4]}${hexDigits[byte & 15]}`;
  return text;
}
