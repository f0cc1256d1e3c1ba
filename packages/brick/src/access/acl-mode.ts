import { type Acl, AclTag } from "./posix-acl.js";

const PERMISSIONS = 0o777;

/** The permissions of the entry with `tag`, which is there in every valid ACL but for the mask. */
export function permissionsOf(acl: Acl, tag: AclTag): number | undefined {
  return acl.find((entry) => entry.tag === tag)?.permissions;
}

/** Whether the ACL says no more than the permission bits of a mode do. */
export function isMinimal(acl: Acl): boolean {
  return acl.every(({ tag }) => tag === AclTag.owner || tag === AclTag.group || tag === AclTag.other);
}

/** The permission bits that stand for an ACL: those of the group are its mask's, when it has one. Source: acl(5). */
export function modeOfAcl(acl: Acl): number {
  const group = permissionsOf(acl, AclTag.mask) ?? permissionsOf(acl, AclTag.group) ?? 0;
  const owner = permissionsOf(acl, AclTag.owner) ?? 0;
  return (owner << 6) | (group << 3) | (permissionsOf(acl, AclTag.other) ?? 0);
}

/** The ACL after a chmod to the permission bits of `mode`. */
export function aclWithMode(acl: Acl, mode: number): Acl {
  return mapClasses(acl, (_permissions, bits) => bits, mode);
}

/** What a new object of `mode` gets of its directory's default ACL: no more than the mode allows. Source: acl(5). */
export function inheritedAcl(defaultAcl: Acl, mode: number): { readonly acl: Acl; readonly mode: number } {
  const acl = mapClasses(defaultAcl, (permissions, bits) => permissions & bits, mode);
  return { acl, mode: (mode & ~PERMISSIONS) | modeOfAcl(acl) };
}

/** Changes the entries that stand for the three classes of a mode: owner, mask or else group, and other. */
function mapClasses(acl: Acl, change: (permissions: number, bits: number) => number, mode: number): Acl {
  const hasMask = permissionsOf(acl, AclTag.mask) !== undefined;
  const bitsOf = (tag: AclTag) => {
    if (tag === AclTag.owner) return (mode >> 6) & 7;
    if (tag === (hasMask ? AclTag.mask : AclTag.group)) return (mode >> 3) & 7;
    return tag === AclTag.other ? mode & 7 : undefined;
  };
  return acl.map((entry) => {
    const bits = bitsOf(entry.tag);
    return bits === undefined ? entry : { ...entry, permissions: change(entry.permissions, bits) };
  });
}
