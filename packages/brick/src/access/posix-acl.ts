/** Names of the xattrs that hold ACLs. Source: Linux, xattr names of POSIX ACLs. */
export const ACCESS_ACL_XATTR = "system.posix_acl_access";
export const DEFAULT_ACL_XATTR = "system.posix_acl_default";

/** Whom an entry is for. Source: Linux, `posix_acl_xattr.h`. */
export const AclTag = {
  owner: 0x01,
  user: 0x02,
  group: 0x04,
  namedGroup: 0x08,
  mask: 0x10,
  other: 0x20,
} as const;
export type AclTag = (typeof AclTag)[keyof typeof AclTag];

/** One entry of an ACL. */
export interface AclEntry {
  readonly tag: AclTag;
  /** 4 read, 2 write, 1 execute. */
  readonly permissions: number;
  /** The user or group of a named entry; {@link NO_ID} in others. */
  readonly id: number;
}

/** A POSIX ACL in its order: owner, users, group, named groups, mask, other. */
export type Acl = readonly AclEntry[];

/** The id of an entry that names nobody. */
export const NO_ID = 0xffff_ffff;

const VERSION = 2;
const HEAD_BYTES = 4;
const ENTRY_BYTES = 8;

/** The ACL in the value of an xattr, little-endian as Linux has it; `undefined` for bytes that are none. Empty: no ACL. */
export function decodeAcl(bytes: Uint8Array): Acl | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole = bytes.length >= HEAD_BYTES && (bytes.length - HEAD_BYTES) % ENTRY_BYTES === 0;
  if (!isWhole || view.getUint32(0, true) !== VERSION) return undefined;
  const acl: AclEntry[] = [];
  for (let at = HEAD_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    const tag = view.getUint16(at, true) as AclTag;
    const isNamed = tag === AclTag.user || tag === AclTag.namedGroup;
    const id = isNamed ? view.getUint32(at + 4, true) : NO_ID;
    acl.push({ tag, permissions: view.getUint16(at + 2, true), id });
  }
  return acl.length === 0 || isValid(acl) ? acl : undefined;
}

/** The value of the xattr. */
export function encodeAcl(acl: Acl): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + acl.length * ENTRY_BYTES));
  view.setUint32(0, VERSION, true);
  for (const [index, { tag, permissions, id }] of acl.entries()) {
    const at = HEAD_BYTES + index * ENTRY_BYTES;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, permissions, true);
    view.setUint32(at + 4, id, true);
  }
  return new Uint8Array(view.buffer);
}

const orders: ReadonlyMap<number, number> = new Map(Object.values(AclTag).map((tag, order) => [tag, order]));

/** One entry each for owner, group and other, in order, and a mask when anybody is named. Source: acl(5), valid ACLs. */
function isValid(acl: Acl): boolean {
  let last = -1;
  for (const { tag, permissions, id } of acl) {
    const order = orders.get(tag);
    const isNamed = tag === AclTag.user || tag === AclTag.namedGroup;
    if (order === undefined || permissions > 7 || (isNamed && id === NO_ID)) return false;
    if (order < last || (order === last && !isNamed)) return false;
    last = order;
  }
  const has = (tag: AclTag) => acl.some((entry) => entry.tag === tag);
  const namesAnybody = has(AclTag.user) || has(AclTag.namedGroup);
  return has(AclTag.owner) && has(AclTag.group) && has(AclTag.other) && (has(AclTag.mask) || !namesAnybody);
}
