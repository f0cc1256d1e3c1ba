import { permissionsOf } from "./acl-mode.js";
import { type Acl, AclTag } from "./posix-acl.js";

/** What may be wanted of an object, as bits. */
export const Want = { read: 4, write: 2, execute: 1 } as const;

/** Who wants something. */
export interface Identity {
  /** Below 0 for Gluster's internal clients. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** What an object says about who may use it. */
export interface Protection {
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The access ACL, when it says more than the mode. */
  readonly access: Acl | undefined;
}

const STICKY = 0o1000;

export function isSuperuser({ uid }: Identity): boolean {
  return uid === 0;
}

/**
 * Whether permission bits and ACLs bind the caller at all. The superuser may all, execute what nobody may included,
 * and so may internal clients, whoever they speak for.
 * Source: measured on a 10.3 brick.
 */
export function isExempt(caller: Identity): boolean {
  return caller.uid === 0 || caller.pid < 0;
}

/** Whether the caller may do all of `wanted`, bits of {@link Want}. Source: acl(5), access check algorithm. */
export function permits(object: Protection, caller: Identity, wanted: number): boolean {
  if (isExempt(caller)) return true;
  const { mode, uid, access } = object;
  const allows = (permissions: number) => (permissions & wanted) === wanted;
  if (caller.uid === uid) return allows(mode >> 6);
  if (access === undefined) return allows(isIn(caller, object.gid) ? mode >> 3 : mode);
  const mask = permissionsOf(access, AclTag.mask) ?? 7;
  const own = access.find(({ tag, id }) => tag === AclTag.user && id === caller.uid);
  if (own !== undefined) return allows(own.permissions & mask);
  const groups = access.filter(
    ({ tag, id }) =>
      (tag === AclTag.group && isIn(caller, object.gid)) || (tag === AclTag.namedGroup && isIn(caller, id)),
  );
  if (groups.length > 0) return groups.some(({ permissions }) => allows(permissions & mask));
  return allows(permissionsOf(access, AclTag.other) ?? 0);
}

/**
 * Whether a name of `object` in `directory` may be taken away, or given beside others: in a sticky directory only by the
 * owner of either.
 */
export function permitsInSticky(
  directory: Pick<Protection, "mode" | "uid">,
  object: Pick<Protection, "uid">,
  caller: Identity,
): boolean {
  if (isExempt(caller) || (directory.mode & STICKY) === 0) return true;
  return caller.uid === directory.uid || caller.uid === object.uid;
}

/** Whether the caller is in a group, by its own or one of its others. */
export function isIn({ gid, groups }: Identity, group: number): boolean {
  return gid === group || groups.includes(group);
}
