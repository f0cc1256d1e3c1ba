import type { ClientUid } from "@brickshift/wire";

/**
 * Who holds a lock: the client of the brick and the `lk_owner` of its call's AUTH header, as hex text.
 * The owner inside a flock argument never counts.
 * Source: measured on 10.3, the owner that GETLK reports is the one of the AUTH header (`fop-lk`).
 */
export interface LockOwner {
  readonly client: ClientUid;
  readonly lkOwner: string;
}

/** Whether two locks have one owner, and so never stand in each other's way. */
export function isSameOwner(one: LockOwner, other: LockOwner): boolean {
  return one.lkOwner === other.lkOwner && one.client === other.client;
}
